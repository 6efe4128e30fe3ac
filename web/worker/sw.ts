// Keeps the client's own files, so that it opens without a network and at once on the next visit.
// Nothing of the API is ever kept: no document, no answer, no token. Must not know a page.
const worker = self as unknown as ServiceWorkerGlobalScope;

/** Before the name of what is kept of one build. */
const CACHE = "client-";
const PAGE = "/";
const ASSETS = "/assets/";
/** Addresses that are not the one page's: files, the API, what is beside it. */
const OTHERS = /\.[a-z0-9]+$|^\/(?:v1|providers|\.well-known)\//;

/** A name for a build: the page names its files, and they their contents. */
async function nameOf(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return CACHE + Array.from(new Uint8Array(hash, 0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Keeps the page, and what it asks for; once all of it is there, what was before goes. */
async function keep(page: Response): Promise<void> {
  const isPage = page.ok && !page.redirected && page.headers.get("content-type")?.startsWith("text/html") === true;
  if (!isPage) {
    return;
  }
  const text = await page.clone().text();
  const name = await nameOf(text);
  const before = await caches.keys();
  if (!(await caches.match(PAGE, { cacheName: name }))) {
    const fresh = await caches.open(name);
    const asked = [...text.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css|svg|webmanifest))"/g)];
    await fresh.addAll(asked.map((found) => found[1] ?? PAGE));
    await fresh.put(PAGE, page);
  }
  await Promise.all(before.filter((other) => other !== name).map((other) => caches.delete(other)));
}

/** The page as it is now; without a network, as it was. */
async function page(event: FetchEvent): Promise<Response> {
  try {
    const found = await fetch(event.request);
    // Not kept this time, it may be the next: who waits gets their page.
    event.waitUntil(keep(found.clone()).catch(() => undefined));
    return found;
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

/** A file that never changes under its name; kept with the build in hand. */
async function asset(event: FetchEvent): Promise<Response> {
  const kept = await caches.match(event.request);
  if (kept) {
    return kept;
  }
  const found = await fetch(event.request);
  if (found.ok) {
    const copy = found.clone();
    event.waitUntil(keepBeside(event.request, copy).catch(() => undefined));
  }
  return found;
}

/** Keeps a file beside the newest page that is kept. */
async function keepBeside(request: Request, file: Response): Promise<void> {
  for (const name of (await caches.keys()).reverse()) {
    if (await caches.match(PAGE, { cacheName: name })) {
      await (await caches.open(name)).put(request, file);
      return;
    }
  }
}

worker.addEventListener("install", (event) => {
  event.waitUntil(fetch(PAGE).then(keep).then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) {
    return;
  }
  if (pathname.startsWith(ASSETS)) {
    event.respondWith(asset(event));
  } else if (request.mode === "navigate" && request.destination === "document" && !OTHERS.test(pathname)) {
    event.respondWith(page(event));
  }
});
