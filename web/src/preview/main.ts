// The frame that a foreign content is shown in: sandboxed, of no origin, with no way out to a
// network. It is given bytes and shows them. Must not know whose they are, nor any token.
import "./style.css";
import { cdaView } from "./cda";
import type { FromPreview, ToPreview } from "./protocol";

const view = document.getElementById("view") as HTMLElement;

/** One content is shown, and no other after it. */
let isGiven = false;

function tell(message: FromPreview): void {
  // The one who asks holds this very frame: whatever its origin, it is known already.
  parent.postMessage(message, "*");
}

addEventListener("message", (event: MessageEvent<ToPreview>) => {
  if (event.source !== parent || isGiven) {
    return;
  }
  isGiven = true;
  const { media, bytes, words } = event.data;
  const shown = async () => {
    if (media === "application/pdf") {
      // By far the largest part: fetched where there is a PDF to show.
      const { pdfView } = await import("./pdf");
      await pdfView(view, bytes, words);
    } else {
      await cdaView(view, bytes, words);
    }
  };
  shown().then(
    () => tell({ kind: "shown" }),
    () => tell({ kind: "failed" }),
  );
});

tell({ kind: "ready" });
