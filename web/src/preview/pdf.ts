// A PDF, page by page: a picture of each where it is looked at, and its text for who does not see
// it. Nothing in it runs, no link of it is followed. Must not know where the bytes are from.
import { getDocument, type PDFDocumentProxy, type PDFPageProxy } from "pdfjs-dist";
// In a frame of no origin no worker can be made: the frame is apart already.
import * as worker from "pdfjs-dist/build/pdf.worker.mjs";
import type { PreviewWords } from "./protocol";

(globalThis as { pdfjsWorker?: unknown }).pdfjsWorker = worker;

/** Pages that are shown; the rest is for who downloads it, and it is said. */
const PAGES_MAX = 300;
/** Points of one picture: a telephone's memory holds a few of them. */
const POINTS_MAX = 6_000_000;
/** After how long without a change of size it is drawn anew. */
const RESIZED_MS = 200;
/** How much larger and smaller, and by how much at once. */
const ZOOMS = [1, 1.5, 2, 3];

/** Shows a PDF. */
export async function pdfView(view: HTMLElement, bytes: ArrayBuffer, words: PreviewWords): Promise<void> {
  const pdf = await getDocument({ data: new Uint8Array(bytes), useWasm: false, enableXfa: false }).promise;
  const pages = document.createElement("div");
  let zoom = 0;
  let watching = await lay(pdf, pages, 1, words);
  const redraw = (step: number) => {
    zoom = Math.min(ZOOMS.length - 1, Math.max(0, zoom + step));
    watching.disconnect();
    void lay(pdf, pages, ZOOMS[zoom] ?? 1, words).then((next) => (watching = next));
  };
  view.replaceChildren(zoomBar(words, redraw), pages);
  if (pdf.numPages > PAGES_MAX) {
    const left = document.createElement("p");
    left.className = "meta";
    left.textContent = words.left;
    view.append(left);
  }
  // Turned, a telephone is as wide as it was high.
  let settling: ReturnType<typeof setTimeout> | undefined;
  addEventListener("resize", () => {
    clearTimeout(settling);
    settling = setTimeout(() => redraw(0), RESIZED_MS);
  });
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

/** Lays the pages out at their size; each is drawn while it is near what is seen. */
async function lay(pdf: PDFDocumentProxy, pages: HTMLElement, zoom: number, words: PreviewWords): Promise<IntersectionObserver> {
  const width = Math.max(280, document.documentElement.clientWidth - 16) * zoom;
  const of = new Map<Element, PDFPageProxy>();
  const laid: HTMLElement[] = [];
  for (let number = 1; number <= Math.min(pdf.numPages, PAGES_MAX); number += 1) {
    const page = await pdf.getPage(number);
    const name = words.page.replace("{page}", String(number)).replace("{pages}", String(pdf.numPages));
    const section = await pageView(page, name, width);
    of.set(section, page);
    laid.push(section);
  }
  pages.replaceChildren(...laid);
  const watching = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const [page, canvas] = [of.get(target), target.querySelector("canvas")];
        if (page && canvas) {
          void (isIntersecting ? draw(page, canvas, width) : forget(canvas));
        }
      }
    },
    { rootMargin: "100% 0px" },
  );
  laid.forEach((section) => watching.observe(section));
  return watching;
}

async function pageView(page: PDFPageProxy, name: string, width: number): Promise<HTMLElement> {
  const size = page.getViewport({ scale: 1 });
  const section = document.createElement("section");
  section.setAttribute("aria-label", name);
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true");
  canvas.style.width = `${width}px`;
  canvas.style.aspectRatio = `${size.width} / ${size.height}`;
  forget(canvas);
  const spoken = document.createElement("p");
  spoken.className = "hidden";
  spoken.textContent = (await page.getTextContent()).items.map((item) => ("str" in item ? item.str : "")).join(" ");
  section.append(canvas, spoken);
  return section;
}

/** Draws a page: at twice the points of the screen at most, and no more than a memory bears. */
async function draw(page: PDFPageProxy, canvas: HTMLCanvasElement, width: number): Promise<void> {
  const size = page.getViewport({ scale: 1 });
  const wanted = (width / size.width) * Math.min(2, devicePixelRatio || 1);
  const most = Math.sqrt(POINTS_MAX / (size.width * size.height));
  const viewport = page.getViewport({ scale: Math.min(wanted, most) });
  [canvas.width, canvas.height] = [Math.ceil(viewport.width), Math.ceil(viewport.height)];
  // A page that cannot be drawn stays white; its text is there.
  await page.render({ canvas, viewport }).promise.catch(() => undefined);
}

/** Gives its memory back. */
function forget(canvas: HTMLCanvasElement): void {
  [canvas.width, canvas.height] = [1, 1];
}
