// An agent of the phone line, while the caller speaks.
import { expect, test, type Page } from "@playwright/test";
import { complaints, look } from "./look";
import { enter, logIn, vouched } from "./person";
import { codeIn, invite, mailCount, mailTo, rpps } from "./system";

async function act(page: Page, name: string): Promise<void> {
  await page.getByRole("link", { name: "Accueil" }).click();
  await page.getByRole("link", { name }).click();
}

test("an agent sends a code, takes a refusal and sends its proof again", async ({ page }) => {
  test.slow();
  const heard = complaints(page);
  const person = await invite();
  await page.goto("/assistance");
  await look(page, "agent-porte");
  await vouched(page, "Se connecter", { Agent: `agent-${rpps()}` });
  await look(page, "agent-accueil");

  await act(page, "Envoyer un code");
  await page.getByRole("button", { name: "Envoyer le code" }).click();
  await expect(page.getByLabel("Numéro de sécurité sociale de la personne")).toHaveAttribute("aria-invalid", "true");
  await look(page, "agent-code-fautes");
  await page.getByLabel("Numéro de sécurité sociale de la personne").fill(person.nir);
  await page.getByLabel("Sa date de naissance").fill(person.birthDate);
  await page.getByLabel("Numéro de série de sa carte").fill(person.card.serial);
  let before = await mailCount(person.email);
  await page.getByRole("button", { name: "Envoyer le code" }).click();
  await expect(page.getByRole("status").filter({ hasText: /./ })).toBeVisible();
  await look(page, "agent-code");
  const code = codeIn((await mailTo(person.email, (one) => /^code : /m.test(one.body), before)).body);

  await act(page, "Enregistrer un refus");
  await page.getByLabel("Code lu par l’appelant").fill(code);
  await page.getByLabel("Numéro de sécurité sociale de la personne").fill(person.nir);
  await page.getByLabel("Numéro de série de sa carte").fill(person.card.serial);
  await page.getByLabel("par courriel").check();
  // Nothing is taken before the person was told what it changes.
  await expect(page.getByRole("button", { name: "Enregistrer le refus" })).toBeDisabled();
  await page.getByLabel(/J’ai dit à la personne/).check();
  await look(page, "agent-refus");
  await page.getByRole("button", { name: "Enregistrer le refus" }).click();
  const done = page.getByText(/Refus enregistré, référence/);
  await expect(done).toBeVisible();
  await look(page, "agent-refus-fait");
  const reference = /référence ([0-9A-Z-]+)/.exec((await done.textContent()) ?? "")?.[1] ?? "";

  before = await mailCount(person.email);
  await act(page, "Envoyer une preuve");
  await page.getByLabel("Référence").fill(reference);
  await page.getByLabel("Numéro de sécurité sociale de la personne").fill(person.nir);
  await page.getByLabel("Sa date de naissance").fill(person.birthDate);
  await page.getByLabel("par courriel").check();
  await page.getByRole("button", { name: "Envoyer la preuve" }).click();
  await expect(page.getByRole("status").filter({ hasText: /Si ces informations vont ensemble/ })).toBeVisible();
  await look(page, "agent-preuve");
  const proof = await mailTo(person.email, (one) => one.subject === "Votre preuve de refus", before);
  expect(proof.body).toContain(reference);

  // The person finds it again by themselves, too.
  await page.goto("/preuve");
  await page.getByLabel("Référence").fill(reference);
  await page.getByLabel("Votre numéro de sécurité sociale").fill(person.nir);
  await page.getByLabel(person.card.type === "photo" ? "Elle a ma photo" : "Elle n’a pas de photo").check();
  await page.getByLabel("Le numéro de série de la carte").fill(person.card.serial);
  await look(page, "preuve");
  await page.getByRole("button", { name: "Retrouver la preuve" }).click();
  await expect(page.getByRole("link", { name: "Télécharger la preuve (PDF)" })).toBeVisible();
  expect(heard).toEqual([]);
});

test("an agent undoes a refusal that was just taken", async ({ page }) => {
  const person = await invite();
  await page.goto("/assistance");
  await vouched(page, "Se connecter", { Agent: `agent-${rpps()}` });
  await act(page, "Enregistrer un refus");
  await page.getByLabel("Code lu par l’appelant").fill(person.code);
  await page.getByLabel("Numéro de sécurité sociale de la personne").fill(person.nir);
  await page.getByLabel("Numéro de série de sa carte").fill(person.card.serial);
  await page.getByLabel(/J’ai dit à la personne/).check();
  await page.getByRole("button", { name: "Enregistrer le refus" }).click();
  await page.getByRole("button", { name: "Annuler ce refus" }).click();
  await expect(page.getByText("Ce refus est annulé.")).toBeVisible();
});

test("an agent freezes a space, helps at a counter, and closes with a code read out", async ({ browser, page }) => {
  test.slow();
  const heard = complaints(page);
  const person = await invite();
  await enter(page, person);
  await page.getByRole("link", { name: "Proches" }).click();
  await page.getByRole("button", { name: "Afficher un code d’aide" }).click();
  const help = (await page.locator(".code [aria-hidden]").textContent()) ?? "";

  const desk = await (await browser.newContext()).newPage();
  await desk.goto("/assistance");
  await vouched(desk, "Se connecter", { Agent: `agent-${rpps()}` });
  await act(desk, "Aider à un guichet");
  await desk.getByLabel("Code d’aide").fill(help);
  await desk.getByRole("button", { name: "Commencer" }).click();
  await expect(desk.getByText(/Vous pouvez aider jusqu’au/)).toBeVisible();
  await look(desk, "agent-aider");
  await desk.getByRole("link", { name: "Voir les documents" }).click();
  await expect(desk.getByText("Aucun document pour l’instant.")).toBeVisible();
  await look(desk, "agent-documents");

  // While one helps, one does nothing else for that person.
  await act(desk, "Aider à un guichet");
  await desk.getByRole("button", { name: "Terminer l’aide" }).click();
  await expect(desk.getByText("L’aide est terminée.")).toBeVisible();

  await act(desk, "Fermer un espace");
  await desk.getByLabel("Numéro de sécurité sociale de la personne").fill(person.nir);
  await desk.getByLabel("Sa date de naissance").fill(person.birthDate);
  await desk.getByLabel("Numéro de série de sa carte").fill(person.card.serial);
  const before = await mailCount(person.email);
  await desk.getByRole("button", { name: "Envoyer le code de fermeture" }).click();
  await expect(desk.getByText(/Le code est parti/)).toBeVisible();
  await look(desk, "agent-fermer");
  const isCall = await desk.getByText("Le code est parti par SMS.").isVisible();
  const address = isCall ? person.phone : person.email;
  const code = await mailTo(address, (one) => /\b\d{6}\b/.test(one.body), isCall ? 0 : before);
  await desk.getByLabel("Code lu par l’appelant").fill(/\b\d{6}\b/.exec(code.body)?.[0] ?? "");
  await desk.getByRole("button", { name: "Fermer l’espace" }).click();
  await expect(desk.getByText(/L’espace est fermé/)).toBeVisible();
  await page.goto("/connexion");
  await logIn(page, person, /^Accueil$/);
  await act(desk, "Geler un espace");
  await desk.getByLabel("Numéro de sécurité sociale de la personne").fill(person.nir);
  await desk.getByLabel("Sa date de naissance").fill("1900-01-01");
  await desk.getByRole("button", { name: "Geler l’espace" }).click();
  await expect(desk.getByRole("alert").filter({ hasText: /./ })).toBeVisible();
  await look(desk, "agent-geler");
  await desk.getByLabel("Sa date de naissance").fill(person.birthDate);
  await desk.getByLabel("Numéro de série de sa carte").fill(person.card.serial);
  await desk.getByRole("button", { name: "Geler l’espace" }).click();
  await expect(desk.getByRole("status").filter({ hasText: /gelé/ })).toBeVisible();
  await page.getByRole("button", { name: "Rouvrir mon espace" }).click();
  await expect(page.getByText("Votre session est terminée. Connectez-vous de nouveau.")).toBeVisible();
  expect(heard).toEqual([]);
});
