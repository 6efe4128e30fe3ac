// Keeps the client's own files, so that it opens without a network and at once on the next visit.
// Nothing of the API is ever kept: no document, no answer, no token. Must not know a page.
const worker = self as unknown as ServiceWorkerGlobalScope;

const CACHE = "client";
const PAGE = "/";
const ASSETS = "/assets/";

/** Keeps the page, and what it asks for; of another build nothing is left. */
async function keep(page: Response): Promise<void> {
  const cache = await caches.open(CACHE);
  const [text, before] = [await page.clone().text(), await (await cache.match(PAGE))?.text()];
  if (text === before) {
    return;
  }
  await caches.delete(CACHE);
  const fresh = await caches.open(CACHE);
  const asked = [...text.matchAll(/(?:src|href)="(\/[^"]+\.(?:js|css|svg|webmanifest))"/g)];
  await fresh.addAll(asked.map((found) => found[1] ?? PAGE));
  await fresh.put(PAGE, page);
}

/** The page as it is now; without a network, as it was. */
async function page(request: Request): Promise<Response> {
  try {
    const found = await fetch(request);
    if (found.ok) {
      await keep(found.clone());
    }
    return found;
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

/** A file that never changes under its name. */
async function asset(request: Request): Promise<Response> {
  const kept = await caches.match(request);
  if (kept) {
    return kept;
  }
  const found = await fetch(request);
  if (found.ok) {
    await (await caches.open(CACHE)).put(request, found.clone());
  }
  return found;
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
    event.respondWith(asset(request));
  } else if (request.mode === "navigate" && request.destination === "document" && !/^\/(?:v1|providers)\//.test(pathname)) {
    event.respondWith(page(request));
  }
});
