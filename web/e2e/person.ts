// Someone at their browser: proving who they are, activating, logging in, giving a fresh code. Must
// not know what they do then.
import { expect, type Page } from "@playwright/test";
import { codeIn, mailCount, mailTo, type Invited } from "./system";

export const PASSWORD = "Marée-haute7!";

/** Types who one is. */
export async function prove(page: Page, person: Invited): Promise<void> {
  await page.getByLabel("Votre code", { exact: true }).fill(person.code);
  await page.getByLabel("Votre numéro de sécurité sociale").fill(person.nir);
  const kind = person.card.type === "photo" ? "Elle a ma photo" : "Elle n’a pas de photo";
  await page.getByLabel(kind).check();
  await page.getByLabel("Le numéro de série de la carte").fill(person.card.serial);
  await page.getByRole("button", { name: "Continuer" }).click();
}

/** Activates and logs in. */
export async function enter(page: Page, person: Invited): Promise<void> {
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

export async function logIn(page: Page, person: Invited, arrived: string | RegExp = `Bonjour ${person.firstName}`): Promise<void> {
  const before = await mailCount(person.email);
  await page.getByLabel("Identifiant").fill(`w.${person.nir}`);
  await page.getByLabel("Mot de passe").fill(PASSWORD);
  await page.getByRole("button", { name: "Continuer" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Votre code de connexion");
  const message = await mailTo(person.email, (one) => one.subject === "Votre code de connexion", before);
  await page.getByLabel("Code à six chiffres").fill(codeIn(message.body));
  await page.getByRole("button", { name: "Me connecter" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(arrived);
}


/** Types the code of a fresh second factor, once it has come. */
export async function stepUp(page: Page, person: Invited, begin: () => Promise<void>): Promise<void> {
  const before = await mailCount(person.email);
  await begin();
  const message = await mailTo(person.email, (one) => /^code : \d{6}$/m.test(one.body), before);
  await page.getByLabel("Code à six chiffres").fill(codeIn(message.body));
}

/** Goes to the stand-in of one's provider as someone who is not on its list, and comes back. */
export async function vouched(page: Page, enter: string, who: Record<string, string>): Promise<void> {
  await page.getByRole("main").getByRole("button", { name: enter }).click();
  await expect(page.getByRole("heading", { name: "Quelqu’un d’autre" })).toBeVisible();
  for (const [label, value] of Object.entries(who)) {
    await page.getByLabel(label, { exact: true }).fill(value);
  }
  await page.getByRole("button", { name: "Entrer" }).click();
  await expect(page.getByRole("button", { name: "Se déconnecter" })).toBeVisible();
}
