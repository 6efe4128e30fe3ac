// How one proves who one is, and what one is told: addresses, passkey, application, password.
import { createHmac } from "node:crypto";
import { expect, test, type Page } from "@playwright/test";
import { complaints, look } from "./look";
import { enter, logIn, PASSWORD, stepUp } from "./person";
import { codeIn, invite, mailCount, mailTo } from "./system";

/** The six digits of an application (RFC 6238), for its secret in base 32. */
function totp(secret: string, at = Date.now()): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/\s/g, "")].map((one) => alphabet.indexOf(one).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const place = (mac[19] ?? 0) & 15;
  return String((mac.readUInt32BE(place) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function login(page: Page, nir: string): Promise<void> {
  await page.goto("/connexion");
  await page.getByLabel("Identifiant").fill(`w.${nir}`);
  await page.getByLabel("Mot de passe").fill(PASSWORD);
  await page.getByRole("button", { name: "Continuer" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Votre code de connexion");
}

test("a citizen adds an address, chooses what to be told, and resets the password", async ({ page }) => {
  test.slow();
  const heard = complaints(page);
  const person = await invite();
  await enter(page, person);
  await page.getByRole("link", { name: "Réglages" }).click();
  await stepUp(page, person, () => page.getByRole("button", { name: "Ajouter une adresse ou un téléphone" }).click());
  const second = person.email.replace("@", ".deux@");
  await page.getByLabel("Adresse de courriel").fill(second);
  await look(page, "reglages-adresse");
  await page.getByRole("button", { name: "Ajouter", exact: true }).click();
  await expect(page.getByText("Un code vient d’y partir : tapez-le ci-dessous.")).toBeVisible();
  const code = codeIn((await mailTo(second, (one) => /^code : \d{6}$/m.test(one.body))).body);
  await page.getByLabel(/^Code reçu à/).fill(code);
  await page.getByRole("button", { name: "Confirmer", exact: true }).click();
  await expect(page.getByText("Cette adresse est confirmée.")).toBeVisible();
  await page.getByLabel("Un document est lu").check();
  await page.getByLabel("À quel rythme").selectOption("Une fois par semaine");
  await page.getByRole("button", { name: "Enregistrer ces choix" }).click();
  await expect(page.getByText("Vos choix sont enregistrés.")).toBeVisible();
  await look(page, "reglages-adresses");
  // What was added goes again; the last one stays.
  const removing = page.getByRole("button", { name: /^Retirer / });
  const held = await removing.count();
  await stepUp(page, person, () => removing.last().click());
  await page.getByRole("button", { name: "Retirer", exact: true }).click();
  await expect(page.getByText("Cette adresse est retirée.")).toBeVisible();
  await expect(removing).toHaveCount(held === 2 ? 0 : held - 1);
  await page.getByRole("button", { name: "Se déconnecter", exact: true }).first().click();

  await page.getByRole("link", { name: "J’ai oublié mon mot de passe" }).click();
  await look(page, "mot-de-passe");
  await page.getByLabel("Identifiant").fill(`w.${person.nir}`);
  const before = await mailCount(person.email);
  await page.getByRole("button", { name: "Recevoir un code" }).click();
  const message = await mailTo(person.email, (one) => /^code : \d{6}$/m.test(one.body), before);
  await page.getByLabel("Code à six chiffres").fill(codeIn(message.body));
  await page.getByLabel("Votre numéro de sécurité sociale").fill(person.nir);
  await page.getByLabel("Nouveau mot de passe").fill("Marée-basse8!");
  await look(page, "mot-de-passe-nouveau");
  await page.getByRole("button", { name: "Changer le mot de passe" }).click();
  await expect(page.getByText(/Votre mot de passe est changé/)).toBeVisible();
  await look(page, "mot-de-passe-change");
  await page.getByRole("main").getByRole("link", { name: "Se connecter" }).click();
  await page.getByLabel("Identifiant").fill(`w.${person.nir}`);
  await page.getByLabel("Mot de passe").fill("Marée-basse8!");
  const sent = await mailCount(person.email);
  await page.getByRole("button", { name: "Continuer" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Votre code de connexion");
  // A code that does not come is sent again.
  const isCode = (one: { subject: string }) => one.subject === "Votre code de connexion";
  await mailTo(person.email, isCode, sent);
  const twice = await mailCount(person.email);
  await page.getByRole("button", { name: "Recevoir le code par courriel" }).click();
  const again = await mailTo(person.email, isCode, twice);
  await page.getByLabel("Code à six chiffres").fill(codeIn(again.body));
  await page.getByRole("button", { name: "Me connecter" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Bonjour ${person.firstName}`);
  expect(heard).toEqual([]);
});

test("a passkey, then an application, open the session instead of a code by message", async ({ page }) => {
  test.slow();
  const heard = complaints(page);
  const person = await invite();
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await enter(page, person);
  await page.getByRole("link", { name: "Réglages" }).click();
  await stepUp(page, person, () => page.getByRole("button", { name: "Ajouter une clé d’accès" }).click());
  await page.getByLabel("Nom de cet appareil").fill("mon téléphone");
  await page.getByRole("button", { name: "Continuer" }).click();
  await expect(page.getByText("Clé d’accès : mon téléphone")).toBeVisible();
  await look(page, "reglages-cle");
  await page.getByRole("button", { name: "Se déconnecter", exact: true }).first().click();
  await login(page, person.nir);
  await look(page, "connexion-cle");
  await page.getByRole("button", { name: "Utiliser ma clé d’accès" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Bonjour ${person.firstName}`);

  // From now on a grave act asks for the passkey, and no message goes.
  await page.getByRole("link", { name: "Réglages" }).click();
  await page.getByRole("button", { name: "Ajouter une application" }).click();
  await expect(page.getByText(/nous demanderons votre clé d’accès/)).toBeVisible();
  await page.getByRole("button", { name: "Continuer" }).click();
  const secret = (await page.locator(".secret").textContent()) ?? "";
  await look(page, "reglages-application");
  await page.getByLabel("Le code que l’application affiche").fill(totp(secret));
  await page.getByRole("button", { name: "Confirmer", exact: true }).click();
  await expect(page.getByText("Application d’authentification", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Se déconnecter", exact: true }).first().click();
  await login(page, person.nir);
  // The code of before serves once.
  await page.getByLabel("Code à six chiffres").fill(totp(secret, Date.now() + 30_000));
  await page.getByRole("button", { name: "Me connecter" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(`Bonjour ${person.firstName}`);
  // What was added goes again, shown by the passkey.
  await page.getByRole("link", { name: "Réglages" }).click();
  await page.getByRole("button", { name: "Retirer l’application d’authentification" }).click();
  await page.getByRole("button", { name: "Retirer", exact: true }).click();
  await expect(page.getByRole("button", { name: "Ajouter une application" })).toBeVisible();
  await page.getByRole("button", { name: "Retirer la clé d’accès mon téléphone" }).click();
  await page.getByRole("button", { name: "Retirer", exact: true }).click();
  await expect(page.getByText("Clé d’accès : mon téléphone")).toHaveCount(0);
  expect(heard).toEqual([]);
});

test("a device left logged in elsewhere is logged out from here", async ({ browser, page }) => {
  const person = await invite();
  await enter(page, person);
  const elsewhere = await (await browser.newContext()).newPage();
  await elsewhere.goto("/connexion");
  await logIn(elsewhere, person);
  await page.getByRole("link", { name: "Réglages" }).click();
  await page.getByRole("button", { name: /^Déconnecter\s: connexion du/ }).click();
  await expect(page.getByText("Cet appareil est déconnecté.")).toBeVisible();
  await elsewhere.getByRole("link", { name: "Documents", exact: true }).click();
  await expect(elsewhere.getByText("Votre session est terminée. Connectez-vous de nouveau.")).toBeVisible();
});

test("whoever has the code of a message freezes the space", async ({ page }) => {
  const person = await invite();
  await enter(page, person);
  const message = await mailTo(person.email, (one) => /[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/.test(one.body) && one.subject !== "" && /activ/i.test(one.body) && !/^code : /m.test(one.body));
  const alert = /[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/.exec(message.body)?.[0] ?? "";
  // As the message says: by its name, from any page.
  await page.getByRole("link", { name: "Ce n’est pas moi" }).click();
  await look(page, "pas-moi");
  await page.getByLabel("Code d’alerte").fill(alert);
  await page.getByRole("button", { name: "Geler l’espace" }).click();
  await expect(page.getByText(/L’espace est gelé\. Appelez/)).toBeVisible();
  await page.goto("/accueil");
  await expect(page).toHaveURL(/\/connexion$/);
});
