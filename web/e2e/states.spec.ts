// What a page says when things are not as they should be, and what helps those who do not see it,
// have no mouse, or a small and slow telephone.
import { expect, test, type Page } from "@playwright/test";
import { complaints, look } from "./look";
import { enter, logIn, vouched } from "./person";
import { invite, rpps } from "./system";

/** Everything in the order of the keyboard, by its name, once around. */
async function tabbed(page: Page, most: number): Promise<string[]> {
  const names: string[] = [];
  for (let at = 0; at < most; at += 1) {
    await page.keyboard.press("Tab");
    const [name, isSeen] = await page.evaluate(() => {
      const focused = document.activeElement as HTMLElement | null;
      const style = focused ? getComputedStyle(focused) : undefined;
      const label = focused?.getAttribute("aria-label") ?? (focused as HTMLInputElement | null)?.labels?.[0]?.textContent ?? focused?.textContent ?? "";
      return [label.trim(), style !== undefined && style.outlineStyle !== "none" && style.outlineWidth !== "0px"] as const;
    });
    if (name !== "") {
      expect(isSeen, `the focus is seen on ${name}`).toBe(true);
    }
    names.push(name);
  }
  return names;
}

test("the keyboard alone opens a space's door", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  const names = await tabbed(page, 6);
  expect(names[0]).toBe("Aller au contenu");
  expect(names).toContain("Se connecter");
  await page.keyboard.press("Shift+Tab");
  await page.getByRole("navigation").getByRole("link", { name: "Se connecter" }).focus();
  await page.keyboard.press("Enter");
  // Elsewhere, one is at what is new there.
  await expect(page.getByRole("heading", { level: 1, name: "Se connecter" })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.type("personne.inconnue");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Un-mot-2-passe");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toContainText(/./);
});

test("on a small telephone the menu unfolds, and folds where one has gone", async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 700 });
  await enter(page, await invite());
  const menu = page.getByRole("button", { name: "Menu" });
  await expect(page.getByRole("link", { name: "Réglages" })).toBeHidden();
  await menu.click();
  await expect(menu).toHaveAttribute("aria-expanded", "true");
  await look(page, "menu");
  await page.setViewportSize({ width: 320, height: 700 });
  await page.getByRole("link", { name: "Réglages" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Réglages");
  await expect(menu).toHaveAttribute("aria-expanded", "false");
});

/** Nothing of the page in hand is cut off or wider than the screen at twice the size and the text's space. */
async function holdsEnlarged(page: Page, path: string): Promise<void> {
  await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("Un instant…");
  await page.evaluate(() => {
    document.documentElement.style.fontSize = "225%";
    document.body.style.lineHeight = "2";
    document.body.style.letterSpacing = "0.12em";
    document.body.style.wordSpacing = "0.16em";
  });
  const [wide, cut] = await page.evaluate(() => {
    const isCut = (one: Element) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow === "hidden" && !one.classList.contains("hidden");
    return [document.documentElement.scrollWidth, [...document.querySelectorAll("main *")].filter(isCut).length];
  });
  expect(wide, path).toBeLessThanOrEqual(640);
  expect(cut, path).toBe(0);
}

test("nothing is lost at 200 % and at twice the text's space", async ({ page }) => {
  test.slow();
  // WCAG 1.4.4 and 1.4.12: half the width stands for twice the size.
  await page.setViewportSize({ width: 640, height: 450 });
  for (const path of ["/", "/activer", "/code", "/connexion", "/professionnel", "/assistance"]) {
    await page.goto(path);
    await holdsEnlarged(page, path);
  }
  await enter(page, await invite());
  for (const path of ["/accueil", "/documents", "/documents/ajouter", "/messages", "/messages/ecrire", "/acces", "/journal", "/proches", "/reglages"]) {
    await page.goto(path);
    await expect(page.getByRole("button", { name: "Se déconnecter" })).toBeVisible();
    await expect(page.getByText("Chargement…")).toHaveCount(0);
    await holdsEnlarged(page, path);
  }
});

test("nothing moves for who wants nothing to move", async ({ page }) => {
  await page.goto("/");
  const moving = () =>
    page.evaluate(() => [...document.querySelectorAll("*")].filter((one) => {
      const { transitionDuration, animationName } = getComputedStyle(one);
      return animationName !== "none" || transitionDuration.split(", ").some((time) => Number.parseFloat(time) > 0);
    }).length);
  await page.emulateMedia({ reducedMotion: "reduce" });
  expect(await moving()).toBe(0);
  // Asked of whoever did not say so, it is something.
  await page.emulateMedia({ reducedMotion: "no-preference" });
  expect(await moving()).toBeGreaterThan(0);
});

test("without a network one is told, and what was there stays", async ({ page, context }) => {
  await enter(page, await invite());
  await context.setOffline(true);
  await expect(page.getByText(/Pas de connexion à internet/)).toBeVisible();
  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await expect(page.getByRole("alert").filter({ hasText: "Pas de connexion" })).toBeVisible();
  await look(page, "hors-ligne");
  await context.setOffline(false);
  await page.getByRole("button", { name: "Réessayer" }).click();
  await expect(page.getByText("Aucun document pour l’instant.")).toBeVisible();
});

test("slow is said to be slow, a fault of ours to be ours, and both can be tried again", async ({ page }) => {
  await enter(page, await invite());
  let isSlow = true;
  await page.route(/\/v1\/spaces\/me\/documents\?/, async (route) => {
    if (isSlow) {
      await new Promise((resolve) => setTimeout(resolve, 7_000));
      await route.fulfill({ status: 500, contentType: "text/html", body: "<h1>oops</h1>" });
    } else {
      await route.continue();
    }
  });
  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await expect(page.getByText("Chargement…")).toBeVisible();
  await look(page, "chargement");
  await expect(page.getByText(/C’est plus long que d’habitude/)).toBeVisible({ timeout: 10_000 });
  await look(page, "lent");
  await expect(page.getByRole("alert").filter({ hasText: "Ce n’est pas de votre fait." })).toBeVisible({ timeout: 10_000 });
  await look(page, "panne");
  isSlow = false;
  await page.getByRole("button", { name: "Réessayer" }).click();
  await expect(page.getByText("Aucun document pour l’instant.")).toBeVisible();
});

test("a session that ended elsewhere says so, and one left alone warns first", async ({ page, context }) => {
  const person = await invite();
  await page.clock.install();
  await enter(page, person);
  await page.clock.fastForward(9 * 60_000 + 5_000);
  const warning = page.getByRole("dialog", { name: "Vous êtes toujours là ?" });
  await expect(warning).toBeVisible();
  await look(page, "inactivite");
  await page.getByRole("button", { name: "Rester connecté" }).click();
  await expect(warning).toHaveCount(0);
  // The cookie gone and the token refused: the session is over, and one is told.
  await context.clearCookies();
  await page.route(/\/v1\/spaces\//, (route) =>
    route.fulfill({ status: 401, contentType: "application/problem+json", body: JSON.stringify({ type: "urn:espace-sante:problem:unauthenticated", title: "Non authentifié", status: 401, detail: "Connectez-vous." }) }),
  );
  await page.getByRole("link", { name: "Documents", exact: true }).click();
  await expect(page.getByText("Votre session est terminée. Connectez-vous de nouveau.")).toBeVisible();
  await look(page, "session-terminee");
});

test("left alone, the session ends by itself", async ({ page }) => {
  await page.clock.install();
  await enter(page, await invite());
  // By then the token is over: the API refuses it, whoever shows it.
  await page.route(/\/v1\/sessions\/current$/, (route) =>
    route.continue({ headers: { ...route.request().headers(), authorization: "Bearer over" } }),
  );
  await page.clock.fastForward(10 * 60_000 + 5_000);
  await expect(page.getByText("Vous avez été déconnecté, faute de geste. Ce qui était enregistré l’est toujours.")).toBeVisible();
  // Who sits down next is nobody, although the token in hand was over by then.
  await page.clock.resume();
  await page.goto("/accueil");
  await expect(page).toHaveURL(/\/connexion$/);
});

test("a gesture in one page is a gesture in all of them, and leaving one leaves all", async ({ page, context }) => {
  await page.clock.install();
  await enter(page, await invite());
  const beside = await context.newPage();
  await beside.goto("/documents");
  await expect(beside.getByText("Aucun document pour l’instant.")).toBeVisible();
  await page.clock.fastForward(9 * 60_000 + 5_000);
  const warning = page.getByRole("dialog", { name: "Vous êtes toujours là ?" });
  await expect(warning).toBeVisible();
  await beside.keyboard.press("Shift");
  await expect(warning).toHaveCount(0);
  await beside.getByRole("button", { name: "Se déconnecter" }).click();
  await expect(page.getByText("Vous êtes déconnecté.")).toBeVisible();
});

test("who comes in another page of the browser ends what another had open", async ({ page, context }) => {
  const [one, other] = [await invite(), await invite()];
  await enter(page, other);
  await page.getByRole("button", { name: "Se déconnecter" }).click();
  await enter(page, one);
  const beside = await context.newPage();
  await beside.goto("/connexion");
  await logIn(beside, other);
  await expect(page.getByText("Vous êtes déconnecté.")).toBeVisible();
  await expect(page.getByText(one.firstName)).toHaveCount(0);
});

test("a page that slept ends nothing that is used beside it", async ({ page, context }) => {
  await enter(page, await invite());
  const beside = await context.newPage();
  await beside.goto("/documents");
  await expect(beside.getByText("Aucun document pour l’instant.")).toBeVisible();
  const later = (of: Page, minutes: number) =>
    of.evaluate((ms) => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + ms;
    }, minutes * 60_000);
  const asleep = await context.newCDPSession(page);
  await asleep.send("Page.setWebLifecycleState", { state: "frozen" });
  for (const minutes of [6, 5]) {
    await later(beside, minutes);
    await beside.keyboard.press("Shift");
  }
  await asleep.send("Page.setWebLifecycleState", { state: "active" });
  await later(page, 11);
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await page.waitForTimeout(1_000);
  await page.keyboard.press("Shift");
  await expect(page.getByRole("button", { name: "Se déconnecter" })).toBeVisible();
  await beside.reload();
  await expect(beside.getByText("Aucun document pour l’instant.")).toBeVisible();
});

test("a professional is told a minute before their session ends", async ({ page }) => {
  await page.clock.install();
  await page.goto("/professionnel");
  await vouched(page, "Se connecter avec Pro Santé Connect", { "Numéro RPPS": rpps(), Nom: "Sacha Molène" });
  await page.clock.fastForward(5 * 60_000);
  await page.keyboard.press("Shift");
  await page.clock.fastForward(4 * 60_000 + 5_000);
  await expect(page.getByRole("dialog", { name: "Votre session se termine dans une minute" })).toBeVisible();
  await look(page, "pro-session");
  await page.getByRole("button", { name: "J’ai compris" }).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await page.clock.fastForward(60_000);
  await expect(page.getByText("Votre session est terminée. Connectez-vous de nouveau.")).toBeVisible();
});

test("who cannot be looked up is not sent away: they try again", async ({ page }) => {
  await enter(page, await invite());
  await page.route("**/v1/sessions/refresh", (route) => route.abort("connectionreset"));
  await page.goto("/documents");
  await expect(page.getByText("Nous n’avons pas pu savoir si vous êtes connecté, ni pour qui.")).toBeVisible();
  await look(page, "demarrage");
  await page.unroute("**/v1/sessions/refresh");
  await page.getByRole("button", { name: "Réessayer" }).click();
  await expect(page.getByText("Aucun document pour l’instant.")).toBeVisible();
});

test("escape pressed twice leaves at once, and nothing comes back", async ({ page }) => {
  await page.route("https://www.wikipedia.org/**", (route) => route.fulfill({ contentType: "text/html", body: "<title>ailleurs</title>" }));
  await enter(page, await invite());
  await page.getByRole("heading", { level: 1 }).focus();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await expect(page).toHaveURL("https://www.wikipedia.org/");
  await page.goto("/accueil");
  await expect(page).toHaveURL(/\/connexion$/);

  // So does the button.
  await enter(page, await invite());
  await page.getByRole("button", { name: "Quitter vite" }).click();
  await expect(page).toHaveURL("https://www.wikipedia.org/");
  await page.goto("/accueil");
  await expect(page).toHaveURL(/\/connexion$/);
});

test.describe("kept on the device", () => {
  test.use({ serviceWorkers: "allow" });

  test("the client opens without a network, and keeps nothing of anybody", async ({ page, context }) => {
    const heard = complaints(page);
    await enter(page, await invite());
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await page.reload();
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/^Bonjour/);
    const kept = await page.evaluate(async () => {
      const [name] = await caches.keys();
      const cache = await caches.open(name ?? "");
      return (await cache.keys()).map((request) => new URL(request.url).pathname);
    });
    expect(kept).toContain("/");
    expect(kept.filter((path) => path.startsWith("/v1/"))).toEqual([]);
    const manifest = await page.evaluate(async () => (await fetch("/app.webmanifest")).json() as Promise<{ display: string; icons: unknown[] }>);
    expect(manifest.display).toBe("standalone");
    expect(manifest.icons.length).toBeGreaterThan(0);
    await context.setOffline(true);
    await page.goto("/");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText(/Votre santé, au même endroit/);
    await context.setOffline(false);
    expect(heard).toEqual([]);
  });
});
