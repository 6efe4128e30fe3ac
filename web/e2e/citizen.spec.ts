// A citizen, from the letter to their documents.
import { expect, test, type Page } from "@playwright/test";
import { complaints, look } from "./look";
import { codeIn, invite, mailCount, mailTo, type Invited } from "./system";

const PASSWORD = "Marée-haute7!";

/** Types who one is. */
async function prove(page: Page, person: Invited): Promise<void> {
  await page.getByLabel("Votre code", { exact: true }).fill(person.code);
  await page.getByLabel("Votre numéro de sécurité sociale").fill(person.nir);
  const kind = person.card.type === "photo" ? "Elle a ma photo" : "Elle n’a pas de photo";
  await page.getByLabel(kind).check();
  await page.getByLabel("Le numéro de série de la carte").fill(person.card.serial);
  await page.getByRole("button", { name: "Continuer" }).click();
}

/** Activates and logs in. */
async function enter(page: Page, person: Invited): Promise<void> {
  await page.goto("/activer");
  await prove(page, person);
  await page.getByRole("button", { name: /Activer mon espace/ }).click();
  const login = `w.${person.nir}`;
  await page.getByLabel("Identifiant").fill(login);
  await page.getByLabel("Mot de passe").fill(PASSWORD);
  const before = await mailCount(person.email);
  await page.getByRole("button", { name: "Activer mon espace" }).click();
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toHaveText(/Vérifions où vous joindre|Se connecter/);
  if ((await heading.textContent()) === "Vérifions où vous joindre") {
    const message = await mailTo(person.email, (one) => /^code : \d{6}$/m.test(one.body), before);
    await page.getByLabel("Code reçu").fill(codeIn(message.body));
    await page.getByRole("button", { name: "Continuer" }).click();
    await page.getByRole("main").getByRole("button", { name: "Se connecter" }).click();
  }
  await logIn(page, person);
}

async function logIn(page: Page, person: Invited): Promise<void> {
  const before = await mailCount(person.email);
  await page.getByLabel("Identifiant").fill(`w.${person.nir}`);
  await page.getByLabel("Mot de passe").fill(PASSWORD);
  await page.getByRole("button", { name: "Continuer" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Votre code de connexion");
  const message = await mailTo(person.email, (one) => one.subject === "Votre code de connexion", before);
  await page.getByLabel("Code à six chiffres").fill(codeIn(message.body));
  await page.getByRole("button", { name: "Me connecter" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Bonjour ${person.firstName}`);
}

test("what anyone sees is accessible, on any screen", async ({ page }) => {
  const heard = complaints(page);
  const pages = { "/": "accueil-public", "/code": "code", "/activer": "activer", "/connexion": "connexion", "/accessibilite": "accessibilite", "/nulle-part": "introuvable" };
  for (const [path, name] of Object.entries(pages)) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await look(page, name);
  }
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
  await page.getByRole("link", { name: "Ouvrir la preuve (PDF)" }).click();
  expect((await download).suggestedFilename()).toBe("preuve-de-refus.pdf");
  await look(page, "refus");
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
