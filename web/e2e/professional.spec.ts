// A professional, from their provider to a patient's record.
import { expect, test, type Page } from "@playwright/test";
import { complaints, look } from "./look";
import { enter, logIn, vouched } from "./person";
import { invite, rpps, type Invited } from "./system";

/** Looks for a patient by all that is known of them. */
async function find(desk: Page, person: Invited): Promise<void> {
  await desk.getByLabel("Nom de naissance").fill(person.birthName);
  await desk.getByLabel("Premier prénom").fill(person.firstName);
  await desk.getByLabel("Date de naissance").fill(person.birthDate);
  await desk.getByLabel("Numéro de sécurité sociale").fill(person.nir);
  await desk.getByRole("button", { name: "Chercher" }).click();
}

test("a professional finds a patient, is let in, reads, deposits and writes", async ({ browser, page }) => {
  test.slow();
  const heard = complaints(page);
  const person = await invite();
  await enter(page, person);
  await page.getByRole("link", { name: "Ajouter un document" }).click();
  const text = "Ma randonnée.";
  await page.getByLabel("Choisir un fichier, ou prendre une photo").setInputFiles({ name: "carnet.txt", mimeType: "text/plain", buffer: Buffer.from(text) });
  await page.getByRole("button", { name: "Ajouter", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("carnet");
  await page.getByRole("link", { name: "Qui peut voir" }).click();
  await page.getByRole("button", { name: "Afficher un code" }).click();
  const presenceCode = (await page.locator(".code [aria-hidden]").textContent()) ?? "";

  const office = await browser.newContext();
  const desk = await office.newPage();
  const said = complaints(desk);
  const number = rpps();
  await desk.goto("/professionnel");
  await look(desk, "pro-porte");
  await vouched(desk, "Se connecter avec Pro Santé Connect", { "Numéro RPPS": number, Nom: "Camille Rivière" });
  await expect(desk.getByRole("heading", { level: 1 })).toHaveText("Votre patient");
  // Neither the code nor the state of the login is left in the address.
  expect(new URL(desk.url()).search).toBe("");
  await look(desk, "pro-accueil");
  await find(desk, person);
  const heading = desk.getByRole("heading", { name: `Ouvrir l’espace de ${person.firstName} ${person.birthName}` });
  await expect(heading).toBeVisible();
  // Without the code that the patient shows, nobody comes in a first time.
  await desk.getByLabel("Il l’a dit").check();
  await desk.getByRole("button", { name: "Ouvrir l’accès" }).click();
  await expect(desk.getByRole("alert").filter({ hasText: /./ }).first()).toBeVisible();
  await look(desk, "pro-patient");
  await desk.getByLabel("Code de présence").fill(presenceCode);
  await desk.getByRole("button", { name: "Ouvrir l’accès" }).click();
  await expect(desk.getByText(/L’accès est ouvert jusqu’au/)).toBeVisible();
  await look(desk, "pro-ouvert");
  await desk.getByRole("link", { name: "Voir les documents" }).click();
  await desk.getByRole("link", { name: "carnet" }).click();
  await desk.getByRole("button", { name: "Ouvrir" }).click();
  await expect(desk.getByText(text)).toBeVisible();
  await expect(desk.getByText(/^Par le patient/)).toBeVisible();
  // What the patient arranges is not theirs.
  await expect(desk.getByRole("button", { name: "Masquer aux professionnels" })).toHaveCount(0);
  await look(desk, "pro-document");

  await desk.getByRole("link", { name: "Documents", exact: true }).click();
  await desk.getByRole("link", { name: "Ajouter un document" }).click();
  // Larger than what the API gives at once.
  await desk.getByLabel("Choisir un fichier, ou prendre une photo").setInputFiles({ name: "compte-rendu.txt", mimeType: "text/plain", buffer: Buffer.from("Tout va bien.\n".repeat(400_000)) });
  await desk.getByLabel("Type de document").selectOption({ label: "CR ou fiche de consultation ou de visite" });
  await look(desk, "pro-ajouter");
  await desk.getByRole("button", { name: "Ajouter", exact: true }).click();
  await expect(desk.getByRole("heading", { level: 1 })).toHaveText("compte-rendu");

  // What the patient hides is not there any more.
  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await page.getByRole("link", { name: "carnet" }).click();
  await page.getByRole("button", { name: "Masquer aux professionnels" }).click();
  await expect(page.getByText("Masqué aux professionnels", { exact: true })).toBeVisible();
  await desk.getByRole("link", { name: "Documents", exact: true }).click();
  await expect(desk.getByRole("link", { name: "compte-rendu" })).toBeVisible();
  await expect(desk.getByRole("link", { name: "carnet" })).toHaveCount(0);

  await desk.getByRole("link", { name: "Messages" }).click();
  await desk.getByRole("link", { name: "Écrire" }).click();
  await desk.getByLabel("Objet").fill("Vos résultats");
  await desk.getByLabel("Message", { exact: true }).fill("Bonjour, tout va bien.");
  await desk.getByRole("button", { name: "Joindre des documents de l’espace" }).click();
  await desk.getByLabel(/compte-rendu,/).check();
  await look(desk, "pro-ecrire");
  await desk.getByRole("button", { name: "Envoyer" }).click();
  await expect(desk.getByRole("heading", { level: 1 })).toHaveText("Vos résultats");
  await look(desk, "pro-echange");

  await page.getByRole("link", { name: "Messages" }).click();
  await look(page, "messages");
  await page.getByRole("link", { name: "Vos résultats" }).click();
  await expect(page.getByText("Bonjour, tout va bien.")).toBeVisible();
  await page.getByRole("button", { name: "Ouvrir la pièce jointe compte-rendu" }).click();
  const joined = page.waitForEvent("download");
  await page.getByRole("link", { name: "Pièce jointe : compte-rendu" }).click();
  expect((await joined).suggestedFilename()).toMatch(/^compte-rendu/);
  await page.getByLabel("Votre réponse").fill("Merci, docteur.");
  await page.getByRole("button", { name: "Joindre des documents de l’espace" }).click();
  await page.getByLabel(/carnet,/).check();
  await page.getByRole("button", { name: "Envoyer" }).click();
  await expect(page.getByRole("article").filter({ hasText: "Merci, docteur." })).toBeVisible();
  // The other side sees it without asking.
  await expect(desk.getByRole("article").filter({ hasText: "Merci, docteur." })).toBeVisible({ timeout: 30_000 });
  await desk.getByRole("link", { name: "Patient", exact: true }).click();
  await expect(desk.getByRole("button", { name: /^Échange du/ })).toBeVisible();

  // The page loaded again, nobody is logged in: the token was in memory alone.
  await desk.reload();
  await expect(desk.getByRole("heading", { level: 1 })).toHaveText("Espace des professionnels");
  await page.getByRole("link", { name: "Journal" }).click();
  await page.getByLabel("Montrer").selectOption("Ce que d’autres que le titulaire ont fait");
  await expect(page.getByText(/Camille Rivière \(Médecin\)/).first()).toBeVisible();
  await page.getByRole("button", { name: /^Contester l’accès/ }).first().click();
  await expect(page.getByLabel("Pourquoi cet accès n’aurait pas dû être")).toBeFocused();
  await look(page, "journal-contester");
  await page.getByLabel("Pourquoi cet accès n’aurait pas dû être").fill("Je ne connais pas ce médecin.");
  await page.getByRole("button", { name: "Envoyer" }).click();
  await expect(page.getByText("Vous l’avez contesté : Je ne connais pas ce médecin.")).toBeVisible();
  await page.getByRole("button", { name: "Préparer le journal complet" }).click();
  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Télécharger le journal" }).click();
  expect((await download).suggestedFilename()).toBe("journal.ndjson");
  await look(page, "journal-vecu");
  await office.close();
  expect(heard).toEqual([]);
  expect(said).toEqual([]);
});

test("an optician reads what the matrix shows opticians, and no more", async ({ browser, page }) => {
  const person = await invite();
  await enter(page, person);
  for (const [name, type] of [["analyse", "CR de biologie déposé par le patient"], ["attestation", "Document administratif déposé par le patient"]] as const) {
    await page.getByRole("link", { name: "Accueil" }).click();
    await page.getByRole("link", { name: "Ajouter un document" }).click();
    await page.getByLabel("Choisir un fichier, ou prendre une photo").setInputFiles({ name: `${name}.txt`, mimeType: "text/plain", buffer: Buffer.from(name) });
    await page.getByLabel("Type de document").selectOption(type);
    await page.getByRole("button", { name: "Ajouter", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(name);
  }
  await page.getByRole("link", { name: "Qui peut voir" }).click();
  await page.getByRole("button", { name: "Afficher un code" }).click();
  const presenceCode = (await page.locator(".code [aria-hidden]").textContent()) ?? "";
  const desk = await (await browser.newContext()).newPage();
  await desk.goto("/professionnel");
  await vouched(desk, "Se connecter avec Pro Santé Connect", { "Numéro RPPS": rpps(), "Code de la profession": "28", Nom: "Noa Verre" });
  await find(desk, person);
  await desk.getByLabel("Il l’a écrit").check();
  await desk.getByLabel("Code de présence").fill(presenceCode);
  await desk.getByRole("button", { name: "Ouvrir l’accès" }).click();
  await desk.getByRole("link", { name: "Voir les documents" }).click();
  await expect(desk.getByRole("link", { name: "attestation" })).toBeVisible();
  await expect(desk.getByRole("link", { name: "analyse" })).toHaveCount(0);
  // Come back to, the access is open still.
  await desk.getByRole("link", { name: "Patient", exact: true }).click();
  await expect(desk.getByText(/L’accès est ouvert jusqu’au/)).toBeVisible();
});

test("a professional breaks the glass and says why; agents look at it", async ({ page }) => {
  test.slow();
  const heard = complaints(page);
  const person = await invite();
  await enter(page, person);
  await page.getByRole("button", { name: "Se déconnecter" }).click();
  const number = rpps();
  await page.goto("/professionnel");
  await vouched(page, "Se connecter avec Pro Santé Connect", { "Numéro RPPS": number, Nom: "Sacha Molène" });
  await find(page, person);
  await page.getByLabel("En urgence, sans accord possible (bris de glace)").check();
  await look(page, "pro-urgence");
  await page.getByLabel("Motif").fill("court");
  await page.getByRole("button", { name: "Ouvrir l’accès" }).click();
  await expect(page.getByLabel("Motif")).toHaveAttribute("aria-invalid", "true");
  await page.getByLabel("Motif").fill("Patient inconscient aux urgences.");
  await page.getByRole("button", { name: "Ouvrir l’accès" }).click();
  await expect(page.getByText("Accès en urgence : le patient est prévenu.")).toBeVisible();
  await page.getByRole("link", { name: "Voir les documents" }).click();
  await expect(page.getByText("Aucun document pour l’instant.")).toBeVisible();
  await page.getByRole("button", { name: "Se déconnecter" }).click();
  await expect(page.getByText("Vous êtes déconnecté.")).toBeVisible();

  for (const agent of [`agent-${number}-1`, `agent-${number}-2`]) {
    await page.goto("/assistance");
    await vouched(page, "Se connecter", { Agent: agent });
    await page.getByRole("link", { name: "Urgences à revoir" }).click();
    const mine = page.getByRole("listitem").filter({ hasText: number });
    const more = page.getByRole("button", { name: "Montrer la suite" });
    // The oldest come first, and others wait, too.
    await expect(async () => {
      if (!(await mine.isVisible())) {
        await more.click({ timeout: 1_000 });
      }
      await expect(mine).toBeVisible({ timeout: 1_000 });
    }).toPass({ timeout: 60_000 });
    await mine.getByRole("button", { name: /^Donner mon avis/ }).click();
    await mine.getByLabel("L’urgence était réelle").check();
    await mine.getByLabel("En quelques mots").fill("Vu avec le service.");
    await mine.getByRole("button", { name: "Enregistrer mon avis" }).click();
    await expect(mine.getByText("Votre avis est enregistré.")).toBeVisible();
    await look(page, "agent-urgences");
    await page.getByRole("button", { name: "Se déconnecter" }).click();
    await expect(page.getByText("Vous êtes déconnecté.")).toBeVisible();
  }
  expect(heard).toEqual([]);
});

test("of two practices one is chosen; the team reads along, and a grave result is announced first", async ({ browser, page }) => {
  test.slow();
  const heard = complaints(page);
  const person = await invite();
  await enter(page, person);
  await page.getByRole("link", { name: "Qui peut voir" }).click();
  await page.getByRole("button", { name: "Afficher un code" }).click();
  const presenceCode = (await page.locator(".code [aria-hidden]").textContent()) ?? "";
  const desk = await (await browser.newContext()).newPage();
  const said = complaints(desk);
  const clinic = `Clinique ${rpps()}`;
  await desk.goto("/professionnel");
  await desk.getByRole("main").getByRole("button", { name: "Se connecter avec Pro Santé Connect" }).click();
  const who = { "Numéro RPPS": rpps(), Nom: "Camille Rivière", Structure: "Cabinet de la Rivière", "Autre structure": clinic };
  for (const [label, value] of Object.entries(who)) {
    await desk.getByLabel(label, { exact: true }).fill(value);
  }
  await desk.getByRole("button", { name: "Entrer" }).click();
  await expect(desk.getByText("Dans quel exercice entrez-vous ?")).toBeVisible();
  await look(desk, "pro-exercices");
  await desk.getByRole("button", { name: new RegExp(clinic) }).click();
  await find(desk, person);
  // The SAMU's way in is shown to its regulators alone.
  await expect(desk.getByLabel(/En urgence/)).toBeVisible();
  await expect(desk.getByLabel(/Régulation médicale/)).toHaveCount(0);
  await desk.getByLabel("Il l’a dit").check();
  await desk.getByLabel("Code de présence").fill(presenceCode);
  await desk.getByRole("button", { name: "Ouvrir l’accès" }).click();
  await desk.getByRole("link", { name: "Ajouter un document" }).click();
  await desk.getByLabel("Choisir un fichier, ou prendre une photo").setInputFiles({ name: "anatomopathologie.txt", mimeType: "text/plain", buffer: Buffer.from("À dire de vive voix.") });
  await desk.getByLabel("Type de document").selectOption({ label: "CR ou fiche de consultation ou de visite" });
  await desk.getByLabel("Ne pas le montrer au patient avant l’annonce").check();
  await desk.getByRole("button", { name: "Ajouter", exact: true }).click();
  await expect(desk.getByText("Pas encore annoncé au patient")).toBeVisible();
  await look(desk, "pro-annoncer");
  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await expect(page.getByText("Aucun document pour l’instant.")).toBeVisible();
  await desk.getByRole("button", { name: "Je l’ai annoncé au patient" }).click();
  await expect(desk.getByText("Le patient le voit maintenant.")).toBeVisible();
  await expect(desk.getByText("Pas encore annoncé au patient")).toHaveCount(0);
  await page.getByRole("link", { name: "Accueil" }).click();
  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await expect(page.getByRole("link", { name: "anatomopathologie" })).toBeVisible();

  await desk.getByRole("link", { name: "Messages" }).click();
  await desk.getByRole("link", { name: "Écrire" }).click();
  await desk.getByLabel("Objet").fill("Votre suivi");
  await desk.getByLabel("Message", { exact: true }).fill("Bonjour, mon équipe vous suit aussi.");
  await desk.getByLabel("Mon équipe de soins peut lire et répondre").check();
  await desk.getByRole("button", { name: "Envoyer" }).click();
  await expect(desk.getByRole("heading", { level: 1 })).toHaveText("Votre suivi");
  await desk.getByRole("button", { name: "Se déconnecter" }).click();
  await expect(desk.getByText("Vous êtes déconnecté.")).toBeVisible();
  await desk.goto("/professionnel");
  await vouched(desk, "Se connecter avec Pro Santé Connect", { "Numéro RPPS": rpps(), Nom: "Noa Kerguelen", Structure: clinic });
  await desk.getByLabel("Montrer").selectOption("Ceux de mon équipe");
  await desk.getByRole("button", { name: /^Échange du/ }).click();
  await expect(desk.getByText("Bonjour, mon équipe vous suit aussi.")).toBeVisible();
  await desk.getByLabel("Votre réponse").fill("Je vous appelle demain.");
  await desk.getByRole("button", { name: "Envoyer" }).click();
  await expect(desk.getByRole("article").filter({ hasText: "Je vous appelle demain." })).toBeVisible();
  await look(desk, "pro-equipe");
  // Put away and taken out again; ended, it is read still, and nobody answers.
  await page.getByRole("link", { name: "Messages" }).click();
  await page.getByRole("link", { name: "Votre suivi" }).click();
  await page.getByRole("button", { name: "Archiver cet échange" }).click();
  await expect(page.getByText("Cet échange est archivé.")).toBeVisible();
  await page.getByRole("button", { name: "Le remettre dans la liste" }).click();
  await expect(page.getByRole("button", { name: "Archiver cet échange" })).toBeVisible();
  await desk.getByRole("button", { name: "Clore cet échange" }).click();
  await expect(desk.getByText("L’échange est clos : il reste lisible.")).toBeVisible();
  await expect(page.getByText(/Le professionnel a clos cet échange/)).toBeVisible({ timeout: 30_000 });
  await expect(page.getByLabel("Votre réponse")).toHaveCount(0);
  await look(page, "echange-clos");
  expect(heard).toEqual([]);
  expect(said).toEqual([]);
});

test("a regulator of the SAMU comes in without a code, and the patient is told", async ({ page }) => {
  const heard = complaints(page);
  const person = await invite();
  await enter(page, person);
  await page.getByRole("button", { name: "Se déconnecter" }).click();
  await page.goto("/professionnel");
  await vouched(page, "Se connecter avec Pro Santé Connect", { "Numéro RPPS": rpps(), "Code de la profession": "SAMU", Nom: "Sacha Molène" });
  await find(page, person);
  await page.getByLabel("Régulation médicale (SAMU)").check();
  await look(page, "pro-regulation");
  await page.getByRole("button", { name: "Ouvrir l’accès" }).click();
  await expect(page.getByText("Accès en urgence : le patient est prévenu.")).toBeVisible();
  await page.getByRole("link", { name: "Voir les documents" }).click();
  await expect(page.getByText("Aucun document pour l’instant.")).toBeVisible();
  await page.getByRole("button", { name: "Se déconnecter" }).click();
  await page.goto("/connexion");
  await logIn(page, person);
  await page.getByRole("link", { name: "Journal" }).click();
  await page.getByLabel("Montrer").selectOption("Les accès en urgence");
  await expect(page.getByText(/Sacha Molène/).first()).toBeVisible();
  expect(heard).toEqual([]);
});
