// Taking everything away, closing, erasing, coming back; and what is left to heirs.
import { readFileSync, statSync } from "node:fs";
import { expect, test, type Download, type Page } from "@playwright/test";
import { complaints, look } from "./look";
import { enter, logIn, PASSWORD, stepUp } from "./person";
import { ask, invite, inviteAgain, job, reportDeath, rpps, token, type Invited } from "./system";

/** Takes away all that the page in hand offers, with a fresh code. */
async function takeAway(page: Page, who: Invited): Promise<Download> {
  await stepUp(page, who, () => page.getByRole("button", { name: "Préparer l’archive" }).click());
  await page.getByRole("button", { name: "Continuer" }).click();
  await page.getByRole("button", { name: "Télécharger l’archive" }).click({ timeout: 60_000 });
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Enregistrer l’archive" }).click();
  return download;
}

test("a citizen takes everything away, closes and comes back", async ({ page }) => {
  test.slow();
  const heard = complaints(page);
  const person = await invite();
  await enter(page, person);
  await page.getByRole("link", { name: "Réglages" }).click();
  const archive = await takeAway(page, person);
  expect(archive.suggestedFilename()).toBe("mes-donnees-de-sante.zip");
  // Brought back to where it is from, it is told that nothing is missing.
  await page.getByLabel("L’archive (zip)").setInputFiles({ name: "mes-donnees.zip", mimeType: "application/zip", buffer: readFileSync(await archive.path()) });
  await expect(page.getByText("L’archive est en train d’être remise en place…")).toBeVisible();
  job("import");
  await expect(page.getByText("Cette archive vient de cet espace-ci : tout y est déjà.")).toBeVisible({ timeout: 150_000 });
  await look(page, "reglages");

  await stepUp(page, person, () => page.getByRole("button", { name: "Commencer" }).click());
  await page.getByLabel("Votre mot de passe").fill(PASSWORD);
  await page.getByLabel("Tapez FERMER pour confirmer").fill("effacer");
  await page.getByRole("button", { name: "Fermer mon espace" }).click();
  await expect(page.getByText("Tapez FERMER pour confirmer.")).toBeVisible();
  await look(page, "fermer");
  await page.getByLabel("Tapez FERMER pour confirmer").fill("fermer");
  await page.getByRole("button", { name: "Fermer mon espace" }).click();
  await expect(page.getByText(/Votre espace est fermé/)).toBeVisible();
  await page.getByRole("main").getByRole("button", { name: "Se déconnecter" }).click();

  await logIn(page, person, /^Accueil$/);
  await expect(page.getByText(/Il sera effacé le/)).toBeVisible();
  await look(page, "ferme");
  await stepUp(page, person, () => page.getByRole("button", { name: "Rouvrir mon espace" }).click());
  await page.getByRole("button", { name: "Rouvrir", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Bonjour ${person.firstName}`);
  expect(heard).toEqual([]);
});

test("a citizen erases everything, is invited again and brings it all back", async ({ page }) => {
  test.slow();
  const heard = complaints(page);
  const person = await invite();
  await enter(page, person);
  await page.getByRole("link", { name: "Ajouter un document" }).click();
  await page.getByLabel("Choisir un fichier, ou prendre une photo").setInputFiles({ name: "carnet.txt", mimeType: "text/plain", buffer: Buffer.from("Mes sorties.") });
  await page.getByRole("button", { name: "Ajouter", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("carnet");
  await page.getByRole("link", { name: "Réglages" }).click();
  const archive = readFileSync(await (await takeAway(page, person)).path());

  await stepUp(page, person, () => page.getByRole("button", { name: "Commencer" }).click());
  await page.getByLabel("Effacer tout, tout de suite").check();
  await page.getByLabel("Votre mot de passe").fill(PASSWORD);
  await page.getByLabel("Tapez EFFACER pour confirmer").fill("effacer");
  await look(page, "effacer");
  await page.getByRole("button", { name: "Tout effacer" }).click();
  const erased = page.getByText(/Votre espace est effacé\. Référence du certificat/);
  await expect(erased).toBeVisible();
  await look(page, "efface");
  const reference = /certificat\s: ([0-9A-Z-]+)/.exec((await erased.textContent()) ?? "")?.[1] ?? "";
  // Who would log in again is nobody here any more.
  await page.getByRole("main").getByRole("button", { name: "Se déconnecter" }).click();
  await page.getByLabel("Identifiant").fill(`w.${person.nir}`);
  await page.getByLabel("Mot de passe").fill(PASSWORD);
  await page.getByRole("button", { name: "Continuer" }).click();
  await expect(page.getByRole("alert").filter({ hasText: /./ }).first()).toBeVisible();
  job("erasure", 16);
  await page.goto("/verifier");
  await page.getByLabel("Référence").fill(reference);
  await page.getByRole("button", { name: "Vérifier" }).click();
  await expect(page.getByText("C’est un certificat d’effacement.")).toBeVisible();
  await expect(page.getByText(/Le contenu est illisible depuis le/)).toBeVisible();
  await look(page, "verifier-effacement");

  person.code = await inviteAgain(person);
  await enter(page, person);
  await expect(page.getByText(/^Rien de nouveau/)).toBeVisible();
  await page.getByRole("link", { name: "Réglages" }).click();
  await page.getByLabel("L’archive (zip)").setInputFiles({ name: "mes-donnees.zip", mimeType: "application/zip", buffer: archive });
  await expect(page.getByText("L’archive est en train d’être remise en place…")).toBeVisible();
  job("import");
  await expect(page.getByText("C’est fait : 1 document et 0 échange en place ; 0 laissé de côté.")).toBeVisible({ timeout: 150_000 });
  await look(page, "reglages-rapporte");
  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await page.getByRole("link", { name: "carnet" }).click();
  await page.getByRole("button", { name: "Ouvrir" }).click();
  await expect(page.getByText("Mes sorties.")).toBeVisible();
  expect(heard).toEqual([]);
});

test("an heir whom two agents admit takes away what the law leaves them", async ({ browser, page }) => {
  test.slow();
  const heard = complaints(page);
  const [dead, heir] = [await invite(), await invite()];
  await enter(page, dead);
  await page.getByRole("link", { name: "Ajouter un document" }).click();
  await page.getByLabel("Choisir un fichier, ou prendre une photo").setInputFiles({ name: "notes.txt", mimeType: "text/plain", buffer: Buffer.from("Mes notes.") });
  await page.getByRole("button", { name: "Ajouter", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("notes");
  reportDeath(dead);
  const found = {
    nir: dead.nir,
    birthDate: dead.birthDate,
    heirNir: heir.nir,
    heirBirthDate: heir.birthDate,
    relation: "successor",
    purpose: "causeOfDeath",
    careSince: "2026-01-01",
    reference: "AD-2026-118",
  };
  const other = await (await browser.newContext()).newPage();
  await enter(other, heir);
  for (const agent of [`heirs-${rpps()}`, `heirs-${rpps()}`]) {
    await ask(token(`support:${agent}`), "/v1/support/heirs", found);
  }
  await other.getByRole("link", { name: "Proches" }).click();
  await expect(other.getByRole("heading", { name: `Les données de ${dead.firstName}` })).toBeVisible();
  await look(other, "proches-deces");
  const archive = await takeAway(other, heir);
  expect(statSync(await archive.path()).size).toBeGreaterThan(1_000);
  expect(heard).toEqual([]);
});
