// A PDF, page by page: a picture of each, and its text for who does not see it. Nothing in it runs,
// no link of it is followed. Must not know where the bytes are from.
import { getDocument, type PDFDocumentProxy } from "pdfjs-dist";
// In a frame of no origin no worker can be made: the frame is a process of its own already.
import * as worker from "pdfjs-dist/build/pdf.worker.mjs";
import type { PreviewWords } from "./protocol";

(globalThis as { pdfjsWorker?: unknown }).pdfjsWorker = worker;

/** Pages that are drawn; the rest is for who downloads it. */
const PAGES_MAX = 100;
/** After how long without a change of size it is drawn anew. */
const RESIZED_MS = 200;
/** How much larger and smaller, and by how much at once. */
const ZOOMS = [1, 1.5, 2, 3];

/** Shows a PDF. */
export async function pdfView(view: HTMLElement, bytes: ArrayBuffer, words: PreviewWords): Promise<void> {
  const pdf = await getDocument({ data: new Uint8Array(bytes), useWasm: false, enableXfa: false }).promise;
  const pages = document.createElement("div");
  let zoom = 0;
  const redraw = (step: number) => {
    zoom = Math.min(ZOOMS.length - 1, Math.max(0, zoom + step));
    void draw(pdf, pages, ZOOMS[zoom] ?? 1, words);
  };
  view.replaceChildren(zoomBar(words, redraw), pages);
  // Turned, a telephone is as wide as it was high.
  let settling: ReturnType<typeof setTimeout> | undefined;
  addEventListener("resize", () => {
    clearTimeout(settling);
    settling = setTimeout(() => redraw(0), RESIZED_MS);
  });
  await draw(pdf, pages, 1, words);
}

function zoomBar(words: PreviewWords, redraw: (step: number) => void): HTMLElement {
  const bar = document.createElement("p");
  bar.className = "bar";
  for (const [name, step] of [[words.larger, 1], [words.smaller, -1]] as const) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => redraw(step));
    bar.append(button);
  }
  return bar;
}

/** Draws every page anew: at twice the points of the screen at most. */
async function draw(pdf: PDFDocumentProxy, pages: HTMLElement, zoom: number, words: PreviewWords): Promise<void> {
  const drawn: HTMLElement[] = [];
  for (let number = 1; number <= Math.min(pdf.numPages, PAGES_MAX); number += 1) {
    const page = await pdf.getPage(number);
    const width = Math.max(280, document.documentElement.clientWidth - 16) * zoom;
    const scale = width / page.getViewport({ scale: 1 }).width;
    const points = Math.min(2, devicePixelRatio || 1);
    const viewport = page.getViewport({ scale: scale * points });
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [viewport.width, viewport.height];
    canvas.style.width = `${width}px`;
    await page.render({ canvas, viewport }).promise;
    const text = (await page.getTextContent()).items.map((item) => ("str" in item ? item.str : "")).join(" ");
    drawn.push(pageView(canvas, text, words.page.replace("{page}", String(number)).replace("{pages}", String(pdf.numPages))));
  }
  pages.replaceChildren(...drawn);
}

function pageView(canvas: HTMLCanvasElement, text: string, name: string): HTMLElement {
  const section = document.createElement("section");
  section.setAttribute("aria-label", name);
  canvas.setAttribute("aria-hidden", "true");
  const spoken = document.createElement("p");
  spoken.className = "hidden";
  spoken.textContent = text;
  section.append(canvas, spoken);
  return section;
}
