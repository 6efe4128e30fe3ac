// Where one is, as the address bar says it. An address holds ids at most: nothing medical.
// Must not know what a page shows.

/** The address in hand, and how often one has gone elsewhere since the client was opened. */
export const route = $state({
  path: location.pathname,
  moves: 0,
  /** How often one has asked for the page one was on: it begins anew. */
  again: 0,
});

/** In whose space the page in hand is, kept with its place in the browser's history: a page that the
 * browser loads again is the same person's. An id, and of another than oneself alone. */
let space: string | undefined = (history.state as { space?: string } | null)?.space;

if (history.state === null) {
  history.replaceState({ space }, "");
}

/** The space that the page in hand was in before it was loaded again. */
export function spaceBefore(): string | undefined {
  return space;
}

/** Keeps in whose space one is, for the pages that one goes to from now on. */
export function rememberSpace(id: string | undefined): void {
  space = id;
}

/** Who is told that one went back to a page in another's space. */
let told: ((id: string | undefined) => void) | undefined;

/** Hears of going back to a page in another's space, or in one's own again. */
export function onSpaceOf(hears: (id: string | undefined) => void): void {
  told = hears;
}

addEventListener("popstate", (event: PopStateEvent) => {
  if (event.state === null) {
    // A place within the page, made by the browser: it is in the same space.
    history.replaceState({ space }, "");
  } else {
    const before = (event.state as { space?: string }).space;
    if (before !== space) {
      space = before;
      told?.(before);
    }
  }
  // A place within the page is the same page.
  if (location.pathname !== route.path) {
    arrive(location.pathname);
  }
});

/** Goes to another page; with `replace`, the one before is not come back to. */
export function go(path: string, replace = false): void {
  if (replace) {
    history.replaceState({ space }, "", path);
  } else {
    history.pushState({ space }, "", path);
  }
  arrive(path);
  scrollTo(0, 0);
}

function arrive(path: string): void {
  if (path === route.path) {
    route.again += 1;
  }
  route.path = path;
  route.moves += 1;
}

/** Follows a link within the application without loading it again. */
export function follow(event: MouseEvent): void {
  const link = (event.target as Element | null)?.closest("a");
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0;
  if (!link || elsewhere || link.target || link.hasAttribute("download")) {
    return;
  }
  if (link.origin === location.origin && !link.pathname.startsWith("/v1/") && !link.hash) {
    event.preventDefault();
    go(link.pathname);
  }
}
