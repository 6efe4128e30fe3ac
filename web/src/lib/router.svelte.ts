// Where one is, as the address bar says it. An address holds ids at most: nothing medical.
// Must not know what a page shows.

/** The address in hand, and how often one has gone elsewhere since the client was opened. */
export const route = $state({ path: location.pathname, moves: 0 });

addEventListener("popstate", () => {
  arrive(location.pathname);
});

/** Goes to another page; with `replace`, the one before is not come back to. */
export function go(path: string, replace = false): void {
  if (replace) {
    history.replaceState(null, "", path);
  } else {
    history.pushState(null, "", path);
  }
  arrive(path);
  scrollTo(0, 0);
}

function arrive(path: string): void {
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
