// A citizen, from the letter to their documents.
import { mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { complaints, look } from "./look";
import { enter, PASSWORD, prove, stepUp } from "./person";
import { ask, codeIn, invite, mailCount, mailTo, rpps, token } from "./system";

test("what anyone sees is accessible, on any screen", async ({ page }) => {
  const heard = complaints(page);
  const pages = { "/": "accueil-public", "/code": "code", "/activer": "activer", "/connexion": "connexion", "/accessibilite": "accessibilite", "/nulle-part": "introuvable" };
  for (const [path, name] of Object.entries(pages)) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await look(page, name);
  }
  // The warning against fraud is everywhere.
  await expect(page.getByText(/Nous ne vous appelons ni ne vous écrivons jamais/)).toBeVisible();
  // Where one has to be known, one is asked to log in.
  await page.goto("/documents");
  await expect(page).toHaveURL(/\/connexion$/);
  expect(heard).toEqual([]);
});

test("faults are tied to their fields and read out", async ({ page }) => {
  await page.goto("/activer");
  await page.getByRole("button", { name: "Continuer" }).click();
  await expect(page.getByRole("alert")).toContainText(/./);
  const nir = page.getByLabel("Votre numéro de sécurité sociale");
  await expect(nir).toHaveAttribute("aria-invalid", "true");
  const described = (await nir.getAttribute("aria-describedby")) ?? "";
  expect(described.split(" ")).toHaveLength(2);
  await look(page, "activer-fautes");
});

test("a citizen refuses and gets the proof", async ({ page }) => {
  const person = await invite();
  await page.goto("/activer");
  await prove(page, person);
  await look(page, "choix");
  await page.getByRole("button", { name: /Refuser mon espace/ }).click();
  await page.getByRole("button", { name: "Refuser" }).click();
  await expect(page.getByText("Cochez la case pour confirmer.")).toBeVisible();
  await page.getByLabel(/je refuse/).check();
  await page.getByRole("button", { name: "Refuser" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Votre refus est enregistré");
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Télécharger la preuve (PDF)" }).click();
  expect((await download).suggestedFilename()).toBe("preuve-de-refus.pdf");
  await look(page, "refus");
  // Anyone checks it by its reference, and learns no more.
  const said = (await page.getByText(/Référence\s: /).textContent()) ?? "";
  const reference = /Référence\s: ([0-9A-Z-]+)/.exec(said)?.[1] ?? "";
  await page.goto(`/verifier#${reference}`);
  await page.getByRole("button", { name: "Vérifier" }).click();
  await expect(page.getByText("C’est une preuve de refus.")).toBeVisible();
  await look(page, "verifier");
  await page.getByLabel("Référence").fill("AAAA-AAAA-AAAA");
  await page.getByRole("button", { name: "Vérifier" }).click();
  await expect(page.getByText(/Cette référence n’est pas connue/)).toBeVisible();
});

test("who has no code asks for one, and it comes to an address that is known", async ({ page }) => {
  const person = await invite();
  await page.goto("/code");
  await page.getByLabel("Votre numéro de sécurité sociale").fill(person.nir);
  await page.getByLabel("Votre date de naissance").fill(person.birthDate);
  await page.getByLabel("Je ne peux pas lire son numéro de série").check();
  await look(page, "code-sans-carte");
  const before = await mailCount(person.email);
  await page.getByRole("button", { name: "Demander un code" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Demande reçue");
  await look(page, "code-demande");
  const code = codeIn((await mailTo(person.email, (one) => /^code : /m.test(one.body), before)).body);
  // It stands in for the card that cannot be read.
  await page.getByRole("link", { name: "J’ai reçu mon code" }).click();
  await page.getByLabel("Votre code", { exact: true }).fill(code);
  await page.getByLabel("Votre numéro de sécurité sociale").fill(person.nir);
  await page.getByLabel("Je ne peux pas lire son numéro de série").check();
  await page.getByRole("button", { name: "Continuer" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Que voulez-vous faire");
});

test("every step of activating and of logging in says where one is", async ({ page }) => {
  const heard = complaints(page);
  const person = await invite();
  await page.goto("/activer");
  await prove(page, person);
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toContainText("Que voulez-vous faire");
  // What is read out is the step that one has come to.
  await expect(heading).toBeFocused();
  await page.getByRole("button", { name: /Activer mon espace/ }).click();
  await expect(heading).toBeFocused();
  await page.getByRole("button", { name: "Activer mon espace" }).click();
  await expect(page.getByLabel("Identifiant")).toHaveAttribute("aria-invalid", "true");
  await look(page, "activer-compte");
  await page.getByLabel("Identifiant").fill(`w.${person.nir}`);
  await page.getByLabel("Mot de passe").fill(PASSWORD);
  const own = person.email.replace("@", ".propre@");
  await page.getByLabel(/courriel/i).fill(own);
  await page.getByRole("button", { name: "Activer mon espace" }).click();
  await expect(heading).toHaveText("Vérifions où vous joindre");
  await look(page, "activer-adresse");
  const isCode = (one: { body: string }) => /^code : \d{6}$/m.test(one.body);
  await mailTo(own, isCode);
  const before = await mailCount(own);
  await page.getByRole("button", { name: "Renvoyer le code" }).click();
  await expect(page.getByText("Un nouveau code est parti.")).toBeVisible();
  await page.getByLabel("Code reçu").fill(codeIn((await mailTo(own, isCode, before)).body));
  await page.getByRole("button", { name: "Continuer" }).click();
  await expect(heading).toHaveText("Votre espace est activé");
  await look(page, "active");
  await page.getByRole("main").getByRole("button", { name: "Se connecter" }).click();
  await page.getByLabel("Identifiant").fill(`w.${person.nir}`);
  await page.getByLabel("Mot de passe").fill(PASSWORD);
  await page.getByRole("button", { name: "Continuer" }).click();
  await expect(heading).toHaveText("Votre code de connexion");
  await expect(heading).toBeFocused();
  await look(page, "connexion-code");
  expect(heard).toEqual([]);
});

test("a citizen activates, logs in, adds a document, masks it and deletes it", async ({ page }) => {
  const heard = complaints(page);
  const person = await invite();
  await enter(page, person);
  await look(page, "espace");
  // Nothing of the session is stored where a script can read it.
  const stored = await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]);
  expect(stored).toEqual([0, 0, ""]);

  await page.getByRole("link", { name: "Ajouter un document" }).click();
  await look(page, "ajouter");
  const text = "Compte rendu de ma randonnée.";
  await page.getByLabel("Choisir un fichier, ou prendre une photo").setInputFiles({ name: "randonnée.txt", mimeType: "text/plain", buffer: Buffer.from(text) });
  await expect(page.getByLabel("Titre")).toHaveValue("randonnée");
  await page.getByRole("button", { name: "Ajouter" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("randonnée");
  // Neither the tab nor the address says what it is.
  await expect(page).toHaveTitle("Documents — Espace santé");
  await page.getByRole("button", { name: "Ouvrir" }).click();
  await expect(page.getByText(text)).toBeVisible();
  await page.getByRole("button", { name: "Masquer aux professionnels" }).click();
  await expect(page.getByText("Masqué aux professionnels", { exact: true })).toBeVisible();
  await look(page, "document");
  await page.getByRole("button", { name: "Montrer aux professionnels" }).click();
  await expect(page.getByText("Les professionnels que vous autorisez le voient.")).toBeVisible();
  const file = page.waitForEvent("download");
  await page.getByRole("link", { name: "Télécharger" }).click();
  expect((await file).suggestedFilename()).toBe("randonnée.txt");

  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await page.getByLabel("Chercher dans les titres et les types").fill("randonnée");
  await page.getByRole("button", { name: "Chercher" }).click();
  await expect(page.getByRole("link", { name: "randonnée" })).toBeVisible();
  await look(page, "documents");
  await page.getByLabel("Chercher dans les titres et les types").fill("introuvable");
  await page.getByRole("button", { name: "Chercher" }).click();
  await expect(page.getByText("Aucun document ne correspond.")).toBeVisible();
  await page.getByRole("button", { name: "Tout montrer" }).click();
  await page.getByRole("link", { name: "randonnée" }).click();
  await page.getByRole("button", { name: "Supprimer" }).click();
  await look(page, "supprimer");
  await page.getByRole("button", { name: "Oui, supprimer" }).click();
  await expect(page.getByText("Aucun document pour l’instant.")).toBeVisible();

  await page.getByRole("link", { name: "Journal" }).click();
  await expect(page.getByText("Vous avez supprimé un document.")).toBeVisible();
  await page.getByRole("button", { name: "Vérifier que rien ne manque" }).click();
  await expect(page.getByText(/aucun ne manque/)).toBeVisible();
  await look(page, "journal");

  // Loaded again, the session goes on by its cookie; left, it is over.
  await page.reload();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Qui a regardé, et quand");
  await page.getByRole("button", { name: "Se déconnecter" }).click();
  await expect(page.getByText("Vous êtes déconnecté.")).toBeVisible();
  await page.goto("/accueil");
  await expect(page).toHaveURL(/\/connexion$/);
  expect(heard).toEqual([]);
});

test("a citizen says who may see, keeps some out, and chooses for emergencies", async ({ page }) => {
  const heard = complaints(page);
  await enter(page, await invite());
  await page.getByRole("link", { name: "Qui peut voir" }).click();
  await page.getByRole("button", { name: "Afficher un code" }).click();
  await expect(page.locator(".code [aria-hidden]")).toHaveText(/^\d{3} \d{3}$/);
  const number = rpps();
  await page.getByLabel("Son numéro RPPS").fill(number);
  await page.getByLabel("Son rôle auprès de vous").selectOption("Médecin traitant");
  await page.getByRole("button", { name: "Autoriser", exact: true }).click();
  await expect(page.getByText("Ce professionnel est autorisé.")).toBeVisible();
  await expect(page.getByRole("heading", { name: number })).toBeVisible();
  await look(page, "acces");
  await page.getByRole("button", { name: `Retirer l’autorisation de ${number}` }).click();
  await expect(page.getByText("Vous n’autorisez personne pour l’instant.")).toBeVisible();
  await page.getByLabel("Numéro RPPS à bloquer").fill(number);
  await page.getByRole("button", { name: "Bloquer" }).click();
  await expect(page.getByText("Ce professionnel est bloqué.")).toBeVisible();
  await look(page, "acces-bloque");
  await page.getByRole("button", { name: `Débloquer ${number}` }).click();
  await expect(page.getByText("Ce professionnel n’est plus bloqué.")).toBeVisible();
  // Whoever is one's pharmacist may be written to first.
  await page.getByRole("link", { name: "Messages" }).click();
  await page.getByRole("link", { name: "Écrire" }).click();
  await expect(page.getByText(/Vous n’en avez pas encore/)).toBeVisible();
  await look(page, "ecrire-sans-pharmacien");
  await page.getByRole("main").getByRole("link", { name: "Qui peut voir" }).click();
  const pharmacist = rpps();
  await page.getByLabel("Son numéro RPPS").fill(pharmacist);
  await page.getByLabel("Son rôle auprès de vous").selectOption("Pharmacien correspondant");
  await page.getByRole("button", { name: "Autoriser", exact: true }).click();
  await expect(page.getByRole("heading", { name: pharmacist })).toBeVisible();
  await page.getByRole("link", { name: "Messages" }).click();
  await page.getByRole("link", { name: "Écrire" }).click();
  await page.getByLabel("Objet").fill("Renouvellement");
  await page.getByLabel("Message", { exact: true }).fill("Bonjour, puis-je passer demain ?");
  await look(page, "ecrire");
  await page.getByRole("button", { name: "Envoyer" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Renouvellement");
  await page.getByLabel("Votre réponse").fill("Ou après-demain.");
  await page.waitForTimeout(2_500);
  await page.getByRole("link", { name: "Messages" }).click();
  await page.getByLabel("Chercher dans les messages").fill("renouvellement");
  await page.getByRole("button", { name: "Chercher" }).click();
  await page.getByRole("link", { name: "Renouvellement" }).click();
  // What was begun is there still.
  await expect(page.getByLabel("Votre réponse")).toHaveValue("Ou après-demain.");
  await page.getByRole("link", { name: "Qui peut voir" }).click();
  const heirs = page.getByLabel(/Après mon décès/);
  await heirs.uncheck();
  await page.getByRole("button", { name: "Enregistrer ces choix" }).click();
  await expect(page.getByText("Vos choix sont enregistrés.")).toBeVisible();
  await page.reload();
  await expect(heirs).not.toBeChecked();
  expect(heard).toEqual([]);
});

test("a professional writes, and the citizen answers", async ({ page }) => {
  const heard = complaints(page);
  const person = await invite();
  await enter(page, person);
  await page.getByRole("link", { name: "Messages" }).click();
  await expect(page.getByText(/Aucun message/)).toBeVisible();
  await look(page, "messages-vides");
  await page.getByRole("link", { name: "Qui peut voir" }).click();
  await page.getByRole("button", { name: "Afficher un code" }).click();
  const presenceCode = ((await page.locator(".code [aria-hidden]").textContent()) ?? "").replace(" ", "");

  const doctor = token(`professional:${rpps()}:10`);
  const traits = { nir: person.nir, birthName: person.birthName, firstName: person.firstName, birthDate: person.birthDate };
  const { spaceId } = await ask(doctor, "/v1/spaces/search", traits);
  await ask(doctor, `/v1/spaces/${String(spaceId)}/accesses`, { mode: "normal", attestation: "oral", presenceCode });
  const written = { subject: "Vos résultats", body: "Bonjour, tout va bien." };
  await ask(doctor, `/v1/spaces/${String(spaceId)}/threads`, written);

  await page.getByRole("link", { name: "Messages" }).click();
  await page.getByRole("link", { name: written.subject }).click();
  await expect(page.getByText(written.body)).toBeVisible();
  await expect(page).toHaveTitle("Messages — Espace santé");
  await page.getByLabel("Votre réponse").fill("Merci, docteur.");
  await page.getByRole("button", { name: "Envoyer" }).click();
  await expect(page.getByRole("article").filter({ hasText: "Merci, docteur." })).toBeVisible();
  await look(page, "echange");
  await ask(doctor, `/v1/spaces/${String(spaceId)}/threads`, { subject: "Encore un mot", body: "À jeudi." });
  await page.getByRole("link", { name: "Accueil" }).click();
  await expect(page.getByRole("link", { name: "1 message non lu" })).toBeVisible();
  await expect(page.getByText(/Camille Soignant \(Médecin\)/).first()).toBeVisible();
  await look(page, "espace-vecu");
  expect(heard).toEqual([]);
});

/** Bytes of a large file: many parts. */
const LARGE = 60 * 1024 * 1024;

test("a large file goes on where the connection broke", async ({ page }) => {
  test.slow();
  const person = await invite();
  await enter(page, person);
  // Three parts are cut off once and come by themselves at the next try; then the line stays
  // dead for longer than is tried.
  const cutOff = new Set([1, 3, 5, 8, 9, 10, 11]);
  let tried = 0;
  await page.route(/\/uploads\//, async (route) => {
    const isPart = route.request().method() === "PUT";
    tried += isPart ? 1 : 0;
    await (isPart && cutOff.has(tried) ? route.abort("connectionreset") : route.continue());
  });
  const line = `% ${"0".repeat(61)}\n`;
  const lines = line.repeat(Math.ceil(LARGE / line.length));
  const file = join(mkdtempSync(join(tmpdir(), "large-")), "scanner.pdf");
  writeFileSync(file, `%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\n${lines}trailer\n<<>>\n%%EOF\n`);

  await page.getByRole("link", { name: "Ajouter un document" }).click();
  await page.getByLabel("Choisir un fichier, ou prendre une photo").setInputFiles(file);
  await page.getByRole("button", { name: "Ajouter", exact: true }).click();
  const resume = page.getByRole("button", { name: "Reprendre l’envoi" });
  await expect(resume).toBeVisible({ timeout: 90_000 });
  await expect(page.getByText("Ce qui est déjà envoyé n’est pas perdu.")).toBeVisible();
  await look(page, "envoi-coupe");
  const before = tried;
  await resume.click();
  // The bar says how far it is, neither nothing nor all.
  await expect(page.getByText(/^[1-9]\d\s% envoyés$/)).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("scanner", { timeout: 90_000 });
  const parts = Math.ceil(statSync(file).size / (8 * 1024 * 1024));
  expect(tried - before, "what was sent is not sent again").toBeLessThan(parts);
  await expect(page.getByRole("button", { name: "Ouvrir" })).toBeVisible({ timeout: 60_000 });

  // As large, the archive comes piece by piece, and one sees how far it is.
  await page.getByRole("link", { name: "Réglages" }).click();
  await stepUp(page, person, () => page.getByRole("button", { name: "Préparer l’archive" }).click());
  await page.getByRole("button", { name: "Continuer" }).click();
  await page.getByRole("button", { name: "Télécharger l’archive" }).click({ timeout: 60_000 });
  await expect(page.getByText(/^[1-9]\d\s% téléchargés$/)).toBeVisible();
  const archive = page.waitForEvent("download");
  await page.getByRole("link", { name: "Enregistrer l’archive" }).click({ timeout: 60_000 });
  expect(statSync(await (await archive).path()).size).toBeGreaterThan(LARGE);
});
