// Where the focus goes when what was pressed is replaced by a form, and when the form goes again. Must
// not know the form.

/** Puts the focus on the first thing to fill in, or to press, of a form. */
export function focusFirst(form: HTMLElement): void {
  form.querySelector<HTMLElement>("input:not(:disabled), select, textarea, button")?.focus();
}

/** Of what appears where something was pressed: it has the focus, and its heading has it afterwards. */
export function appearing(node: HTMLElement): { destroy: () => void } {
  const heading = node.closest("section, li, main")?.querySelector<HTMLElement>("h1, h2, h3");
  focusFirst(node);
  return {
    destroy: () => {
      // Only where nothing else took it.
      queueMicrotask(() => {
        if (heading?.isConnected && document.activeElement === document.body) {
          heading.tabIndex = -1;
          heading.focus();
        }
      });
    },
  };
}

/** Of the one thing to press that stands where another stood. */
export function takeFocus(node: HTMLElement): void {
  node.focus();
}
