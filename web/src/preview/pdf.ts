// A PDF, page by page: a picture of each where it is looked at, and its text for who does not see
// it. Nothing in it runs, no link of it is followed. Must not know where the bytes are from.
import { getDocument, version, type PDFDocumentProxy, type PDFPageProxy, type RenderTask } from "pdfjs-dist";
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

/** Where the build puts the decoders that few documents take (`vite.config.ts`). */
const DECODERS = new URL(`assets/pdfjs-${version}/`, document.baseURI).href;

/** What is being drawn where: one picture at a time on a canvas. */
const drawing = new Map<HTMLCanvasElement, RenderTask>();

/** Shows a PDF. */
export async function pdfView(view: HTMLElement, bytes: ArrayBuffer, words: PreviewWords): Promise<void> {
  const pdf = await getDocument({ data: new Uint8Array(bytes), useWasm: false, wasmUrl: DECODERS, enableXfa: false }).promise;
  const pages = document.createElement("div");
  let zoom = 0;
  let watching = watched(pages, await laidOut(pdf, 1, words));
  let turn = 0;
  const redraw = (step: number) => {
    zoom = Math.min(ZOOMS.length - 1, Math.max(0, zoom + step));
    turn += 1;
    const mine = turn;
    void laidOut(pdf, ZOOMS[zoom] ?? 1, words).then((laid) => {
      // Asked for again meanwhile, it is laid out again.
      if (mine === turn) {
        watching.disconnect();
        watching = watched(pages, laid);
      }
    });
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

/** The pages at their size, white. */
async function laidOut(pdf: PDFDocumentProxy, zoom: number, words: PreviewWords): Promise<Map<HTMLElement, PDFPageProxy>> {
  const width = Math.max(280, document.documentElement.clientWidth - 16) * zoom;
  const laid = new Map<HTMLElement, PDFPageProxy>();
  for (let number = 1; number <= Math.min(pdf.numPages, PAGES_MAX); number += 1) {
    const page = await pdf.getPage(number);
    const name = words.page.replace("{page}", String(number)).replace("{pages}", String(pdf.numPages));
    laid.set(pageView(page, name, width), page);
  }
  return laid;
}

/** Shows them; each is drawn while it is near what is seen. */
function watched(pages: HTMLElement, laid: Map<HTMLElement, PDFPageProxy>): IntersectionObserver {
  drawing.forEach((task) => task.cancel());
  drawing.clear();
  pages.replaceChildren(...laid.keys());
  const watching = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const [page, canvas] = [laid.get(target as HTMLElement), target.querySelector("canvas")];
        if (page && canvas) {
          void (isIntersecting ? draw(page, canvas) : forget(canvas));
        }
      }
    },
    { rootMargin: "100% 0px" },
  );
  laid.forEach((page, section) => {
    watching.observe(section);
    // A page of which no text can be read is a picture still.
    speak(page, section).catch(() => undefined);
  });
  return watching;
}

function pageView(page: PDFPageProxy, name: string, width: number): HTMLElement {
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
  section.append(canvas, spoken);
  return section;
}

/** Its text, for who does not see it. */
async function speak(page: PDFPageProxy, section: HTMLElement): Promise<void> {
  const { items } = await page.getTextContent();
  const spoken = section.querySelector("p");
  if (spoken) {
    spoken.textContent = items.map((item) => ("str" in item ? item.str : "")).join(" ");
  }
}

/** Draws a page: at twice the points of the screen at most, and no more than a memory bears. */
async function draw(page: PDFPageProxy, canvas: HTMLCanvasElement): Promise<void> {
  drawing.get(canvas)?.cancel();
  const size = page.getViewport({ scale: 1 });
  const width = Number.parseFloat(canvas.style.width);
  const wanted = (width / size.width) * Math.min(2, devicePixelRatio || 1);
  const most = Math.sqrt(POINTS_MAX / (size.width * size.height));
  const viewport = page.getViewport({ scale: Math.min(wanted, most) });
  [canvas.width, canvas.height] = [Math.ceil(viewport.width), Math.ceil(viewport.height)];
  const task = page.render({ canvas, viewport });
  drawing.set(canvas, task);
  // Given up, it is drawn when it is looked at again; a page that cannot be drawn stays white.
  await task.promise.catch(() => undefined);
  if (drawing.get(canvas) === task) {
    drawing.delete(canvas);
  }
}

/** Gives its memory back. */
function forget(canvas: HTMLCanvasElement): void {
  drawing.get(canvas)?.cancel();
  drawing.delete(canvas);
  [canvas.width, canvas.height] = [1, 1];
}
