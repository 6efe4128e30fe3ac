// Where the focus goes when what was pressed is replaced by a form, and when the form goes again. It is
// taken from nobody: only where what had it is gone. Must not know the form.

const FILLED = "input:not(:disabled), select:not(:disabled), textarea:not(:disabled)";

function isLost(): boolean {
  return document.activeElement === document.body || document.activeElement === null;
}

/** Puts the focus on the first thing to fill in, or else to press, of a form that has it nowhere. */
export function focusFirst(form: HTMLElement): void {
  const focused = document.activeElement;
  const isOnButton = form.contains(focused) && focused instanceof HTMLButtonElement;
  if (isLost() || isOnButton) {
    const first = form.querySelector<HTMLElement>(FILLED) ?? form.querySelector<HTMLElement>("button:not(:disabled)");
    first?.focus();
  }
}

/** Of what appears where something was pressed: it has the focus, and its heading has it afterwards. */
export function appearing(node: HTMLElement): { destroy: () => void } {
  // The line that is acted on may go with the form; then it is the list's heading.
  const around = ["li", "section", "main"].map((place) => node.closest(place)?.querySelector<HTMLElement>("h1, h2, h3"));
  focusFirst(node);
  return {
    destroy: () => {
      queueMicrotask(() => {
        const heading = around.find((one) => one?.isConnected);
        if (heading && isLost()) {
          heading.tabIndex = -1;
          heading.focus({ preventScroll: true });
        }
      });
    },
  };
}

/** Of the one thing to press that stands where another stood. */
export function takeFocus(node: HTMLElement): void {
  if (isLost()) {
    node.focus();
  }
}
