// Those one acts for: refusing for a child, attaching one, helping and being helped.
import { expect, test, type Page } from "@playwright/test";
import { complaints, look } from "./look";
import { enter, PASSWORD, stepUp } from "./person";
import { codeIn, invite, inviteFamily, mailCount, mailTo, type Invited } from "./system";

/** Types who a child is, and who acts for them. */
async function proveFor(page: Page, child: Invited, parent: Invited, code = child.code): Promise<void> {
  await page.getByLabel(/Je le fais pour un enfant/).check();
  await page.getByLabel("Votre code", { exact: true }).fill(code);
  await page.getByLabel("Son numéro de sécurité sociale").fill(child.nir);
  await page.getByLabel("Votre numéro de sécurité sociale, à vous").fill(parent.nir);
  await page.getByLabel(parent.card.type === "photo" ? "Elle a ma photo" : "Elle n’a pas de photo").check();
  await page.getByLabel("Le numéro de série de la carte").fill(parent.card.serial);
}

/** Takes a child in hand, from the page of those one acts for. */
async function attachTo(page: Page, child: Invited, parent: Invited, code: string): Promise<void> {
  await page.getByRole("link", { name: "Commencer avec le code" }).click();
  await proveFor(page, child, parent, code);
  await page.getByRole("button", { name: "Continuer" }).click();
  await page.getByRole("button", { name: /Rattacher son espace au vôtre/ }).click();
  await page.getByRole("button", { name: "Le rattacher" }).click();
  await expect(page.getByText(/Vous y entrez par son nom/)).toBeVisible();
}

/** Closes a child's space, as far as one parent can: begun, or agreed to. */
async function close(page: Page, parent: Invited, begin: string): Promise<void> {
  await stepUp(page, parent, () => page.getByRole("button", { name: begin }).click());
  await page.getByLabel("Votre mot de passe").fill(PASSWORD);
  await page.getByLabel("Tapez FERMER pour confirmer").fill("FERMER");
  await page.getByRole("button", { name: "Fermer son espace" }).click();
}

/** Asks somebody for help by who they are, where the form is. */
async function askForHelp(page: Page, helper: Invited): Promise<void> {
  await page.getByLabel("Nom de naissance").fill(helper.birthName);
  await page.getByLabel("Premier prénom").fill(helper.firstName);
  await page.getByLabel("Date de naissance").fill(helper.birthDate);
  await page.getByLabel("Son numéro de sécurité sociale").fill(helper.nir);
  await page.getByRole("button", { name: "Envoyer la demande" }).click();
}

test("a parent refuses for one child, takes the other in hand and asks to close", async ({ browser, page }) => {
  test.slow();
  const heard = complaints(page);
  const { mother, father, children } = await inviteFamily();
  const [refused, attached] = children as [Invited, Invited];
  await page.goto("/activer");
  await proveFor(page, refused, mother);
  await look(page, "activer-enfant");
  await page.getByRole("button", { name: "Continuer" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Pour ${refused.firstName}, que voulez-vous faire ?`);
  await page.getByRole("button", { name: /Refuser mon espace|Refuser/ }).click();
  await page.getByLabel(/je refuse qu’un espace soit créé/).check();
  await look(page, "refus-enfant");
  await page.getByRole("button", { name: "Refuser", exact: true }).click();
  await expect(page.getByText(/Référence\s: /)).toBeVisible();

  // The other parent is told, and takes it back.
  const other = await (await browser.newContext()).newPage();
  const told = await mailTo(father.email, (one) => one.subject === "Un espace de santé a été refusé pour votre proche");
  await other.goto("/activer");
  await proveFor(other, refused, father, codeIn(told.body));
  await other.getByRole("button", { name: "Continuer" }).click();
  await other.getByRole("button", { name: /^Annuler le refus/ }).click();
  await look(other, "annuler-refus");
  await other.getByRole("button", { name: "Annuler le refus" }).click();
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("Le refus est annulé");
  await look(other, "refus-annule");

  await enter(page, mother);
  await page.getByRole("link", { name: "Proches" }).click();
  await expect(page.getByText("Personne pour l’instant.").first()).toBeVisible();
  await look(page, "proches-vides");
  await attachTo(page, attached, mother, attached.code);

  // The other parent asks for a code of their own, and takes the child in hand, too.
  await enter(other, father);
  await other.goto("/code");
  await other.getByLabel(/Je le fais pour un enfant/).check();
  await other.getByLabel("Son numéro de sécurité sociale").fill(attached.nir);
  await other.getByLabel("Sa date de naissance").fill(attached.birthDate);
  await other.getByLabel("Votre numéro de sécurité sociale, à vous").fill(father.nir);
  await other.getByLabel(father.card.type === "photo" ? "Elle a ma photo" : "Elle n’a pas de photo").check();
  await other.getByLabel("Le numéro de série de la carte").fill(father.card.serial);
  const before = await mailCount(attached.email);
  await other.getByRole("button", { name: "Demander un code" }).click();
  await expect(other.getByRole("heading", { level: 1 })).toHaveText("Demande reçue");
  const code = codeIn((await mailTo(attached.email, (one) => /^code : /m.test(one.body), before)).body);
  await other.getByRole("link", { name: "Proches" }).click();
  await attachTo(other, attached, father, code);

  // One click, and one is in the child's space; always in sight.
  const people = page.getByRole("region", { name: "Espace de" });
  await people.getByRole("button", { name: new RegExp(`^${attached.firstName}`) }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`L’espace de ${attached.firstName}`);
  await expect(people.getByRole("button", { name: new RegExp(`^${attached.firstName}`) })).toHaveAttribute("aria-pressed", "true");
  await look(page, "enfant");
  // Going back is going back to one's own, and forward to the child's again.
  await page.goBack();
  await expect(people.getByRole("button", { name: /\(vous\)$/ })).toHaveAttribute("aria-pressed", "true");
  await page.goForward();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`L’espace de ${attached.firstName}`);
  await page.getByRole("link", { name: "Ajouter un document" }).click();
  // A telephone that loads the page again after its camera stays in the child's space.
  await page.reload();
  await expect(people.getByRole("button", { name: new RegExp(`^${attached.firstName}`) })).toHaveAttribute("aria-pressed", "true");
  // Not known in whose space it was, it is in nobody's, and surely not in the parent's.
  await page.route("**/helped", (route) => route.abort("connectionreset"));
  await page.reload();
  await expect(page.getByText("Nous n’avons pas pu savoir si vous êtes connecté, ni pour qui.")).toBeVisible();
  await page.unroute("**/helped");
  await page.getByRole("button", { name: "Réessayer" }).click();
  await expect(people.getByRole("button", { name: new RegExp(`^${attached.firstName}`) })).toHaveAttribute("aria-pressed", "true");
  await page.getByLabel("Choisir un fichier, ou prendre une photo").setInputFiles({ name: "vaccins.txt", mimeType: "text/plain", buffer: Buffer.from("À jour.") });
  await page.getByRole("button", { name: "Ajouter", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("vaccins");
  await page.getByRole("link", { name: "Réglages" }).click();
  await expect(page.getByRole("heading", { name: `Fermer l’espace de ${attached.firstName}` })).toBeVisible();
  await close(page, mother, "Commencer");
  await expect(page.getByText(/L’autre représentant est prévenu/)).toBeVisible();
  await look(page, "enfant-fermer");
  await other.getByRole("region", { name: "Espace de" }).getByRole("button", { name: new RegExp(`^${attached.firstName}`) }).click();
  await other.getByRole("link", { name: "Réglages" }).click();
  await expect(other.getByText(/L’autre représentant a demandé la fermeture/)).toBeVisible();
  await look(other, "enfant-fermer-autre");
  await other.getByRole("button", { name: "Refuser la fermeture" }).click();
  await expect(other.getByText("L’espace reste ouvert.")).toBeVisible();

  // Asked for again, it is taken back; asked for once more, the other agrees.
  for (const ends of ["back", "agreed"]) {
    await page.getByRole("link", { name: "Documents", exact: true }).click();
    await page.getByRole("link", { name: "Réglages" }).click();
    await close(page, mother, "Commencer");
    await expect(page.getByText(/L’autre représentant est prévenu/)).toBeVisible();
    if (ends === "back") {
      await page.getByRole("link", { name: "Documents", exact: true }).click();
      await page.getByRole("link", { name: "Réglages" }).click();
      await page.getByRole("button", { name: "Reprendre ma demande" }).click();
      await expect(page.getByText("L’espace reste ouvert.")).toBeVisible();
    }
  }
  await other.getByRole("link", { name: "Documents", exact: true }).click();
  await other.getByRole("link", { name: "Réglages" }).click();
  await close(other, father, "Je suis d’accord");
  await expect(other.getByText("L’espace est fermé.")).toBeVisible();
  await look(other, "enfant-ferme");
  expect(heard).toEqual([]);
});

test("somebody asks for help, is helped, and ends it; a counter helps for an hour", async ({ browser, page }) => {
  test.slow();
  const heard = complaints(page);
  const [holder, helper] = [await invite(), await invite()];
  await enter(page, holder);
  const other = await (await browser.newContext()).newPage();
  await enter(other, helper);

  await page.getByRole("link", { name: "Proches" }).click();
  await page.getByRole("button", { name: "Demander de l’aide à quelqu’un" }).click();
  await look(page, "proches-demander");
  await askForHelp(page, helper);
  await expect(page.getByText("Invité, sans réponse pour l’instant")).toBeVisible();

  await other.getByRole("link", { name: "Proches" }).click();
  await look(other, "proches-invite");
  await other.getByRole("button", { name: /^Accepter d’aider/ }).click();
  await expect(other.getByText(/Vous aidez cette personne/)).toBeVisible();
  const people = other.getByRole("region", { name: "Espace de" });
  await people.getByRole("button", { name: new RegExp(holder.firstName) }).click();
  await expect(other.getByRole("heading", { level: 1 })).toHaveText(`L’espace de ${holder.firstName}`);
  await look(other, "aide");

  await page.getByRole("link", { name: "Accueil" }).click();
  await page.getByRole("link", { name: "Proches" }).click();
  await page.getByRole("button", { name: /^Retirer / }).click();
  await expect(page.getByText("Cette personne n’a plus accès.")).toBeVisible();
  // What they were doing stops at once.
  await other.getByRole("link", { name: "Documents", exact: true }).click();
  await expect(other.getByRole("alert").filter({ hasText: /./ }).first()).toBeVisible();
  await look(other, "aide-finie");

  // Asked again, they refuse; asked once more, they accept and cease.
  for (const answers of ["Refuser d’aider", "Accepter d’aider"]) {
    await page.getByRole("button", { name: "Demander de l’aide à quelqu’un" }).click();
    await expect(page.getByLabel("Nom de naissance")).toBeFocused();
    await askForHelp(page, helper);
    await expect(page.getByText("La demande est partie. Si cette personne a un espace, elle y répondra.")).toBeVisible();
    await other.goto("/proches");
    await other.getByRole("button", { name: new RegExp(`^${answers}`) }).click();
    if (answers.startsWith("Refuser")) {
      await expect(other.getByText("Vous avez refusé.")).toBeVisible();
    } else {
      await other.getByRole("button", { name: /^Ne plus aider/ }).click();
      await expect(other.getByText("Vous n’avez plus accès à cet espace.")).toBeVisible();
    }
  }

  await page.getByRole("button", { name: "Afficher un code d’aide" }).click();
  await expect(page.locator(".code [aria-hidden]")).toBeVisible();
  await look(page, "proches-guichet");
  await page.getByRole("button", { name: "Arrêter l’aide" }).click();
  await expect(page.getByText("Plus aucun agent n’a accès.")).toBeVisible();
  expect(heard).toEqual([]);
});
