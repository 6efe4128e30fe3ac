// A CDA R2 document, readable: its head in a few lines and its narrative blocks. What is not on the
// list of elements of a narrative block (CDA R2, NarrativeBlock.xsd) gives its text and nothing
// else: no link, no style, no script can come of it. Must not know where the bytes are from.
import type { PreviewWords } from "./protocol";

const HL7 = "urn:hl7-org:v3";
/** How deep sections and blocks are followed. */
const DEPTH_MAX = 40;
/** A narrative's elements, and what shows them. */
const shownAs = new Map<string, string>(Object.entries({
  paragraph: "p",
  content: "span",
  list: "ul",
  item: "li",
  table: "table",
  caption: "caption",
  thead: "thead",
  tbody: "tbody",
  tfoot: "tfoot",
  tr: "tr",
  th: "th",
  td: "td",
  br: "br",
  sub: "sub",
  sup: "sup",
}));
/** What a cell may say of itself. */
const SPANS = ["colspan", "rowspan"];

/** Shows a CDA document. */
export async function cdaView(view: HTMLElement, bytes: ArrayBuffer, words: PreviewWords): Promise<void> {
  // The decoder of the declaration: HL7 France asks for UTF-8, the parser reads what is declared.
  const found = new DOMParser().parseFromString(decoded(bytes), "application/xml");
  // Alone, or inside the stylesheet that presents it (CI-SIS, "auto-présentable").
  const root = found.getElementsByTagNameNS(HL7, "ClinicalDocument")[0];
  if (root === undefined) {
    throw new Error("not a CDA document");
  }
  const body = path(root, "component", "nonXMLBody", "text");
  const parts: Node[] = [...head(root, words)];
  if (body !== undefined) {
    const frame = document.createElement("div");
    view.replaceChildren(...parts, frame);
    await enclosed(frame, body, words);
    return;
  }
  const structured = path(root, "component", "structuredBody");
  for (const component of structured === undefined ? [] : children(structured, "component")) {
    for (const section of children(component, "section")) {
      parts.push(...sectionView(section, 2, words));
    }
  }
  view.replaceChildren(...parts);
}

function decoded(bytes: ArrayBuffer): string {
  const declared = /encoding=["']([A-Za-z0-9_-]+)["']/.exec(new TextDecoder("latin1").decode(bytes.slice(0, 200)));
  return new TextDecoder(declared?.[1] ?? "utf-8").decode(bytes);
}

function children(of: Element, name: string): Element[] {
  return [...of.children].filter((child) => child.namespaceURI === HL7 && child.localName === name);
}

function path(from: Element, ...names: string[]): Element | undefined {
  return names.reduce<Element | undefined>((at, name) => at && children(at, name)[0], from);
}

function textElement(kind: string, text: string, className = ""): HTMLElement {
  const element = document.createElement(kind);
  element.textContent = text;
  element.className = className;
  return element;
}

/** A name as people write it: given names, then family names. */
function nameOf(person: Element | undefined): string {
  const name = person && children(person, "name")[0];
  const said = (part: string) => (name ? children(name, part).map((one) => one.textContent.trim()) : []);
  return [...said("prefix"), ...said("given"), ...said("family")].join(" ") || (name?.textContent.trim() ?? "");
}

function head(root: Element, words: PreviewWords): Node[] {
  const title = path(root, "title")?.textContent.trim() ?? "";
  const patient = nameOf(path(root, "recordTarget", "patientRole", "patient"));
  const author = nameOf(path(root, "author", "assignedAuthor", "assignedPerson"));
  const lines = [[words.patient, patient], [words.author, author]].filter(([, who]) => who !== "");
  return [
    textElement("h1", title),
    ...lines.map(([what, who]) => textElement("p", `${what} ${who}`, "meta")),
  ];
}

/** A body that is a file of its own: a PDF or a text. */
async function enclosed(frame: HTMLElement, body: Element, words: PreviewWords): Promise<void> {
  const media = body.getAttribute("mediaType") ?? "text/plain";
  if (body.getAttribute("representation") !== "B64") {
    frame.append(textElement("p", body.textContent));
    return;
  }
  const bytes = Uint8Array.from(atob(body.textContent.replace(/\s/g, "")), (one) => one.charCodeAt(0));
  if (media === "application/pdf") {
    const { pdfView } = await import("./pdf");
    await pdfView(frame, bytes.buffer, words);
  } else if (media === "text/plain") {
    frame.append(textElement("p", new TextDecoder().decode(bytes)));
  } else {
    frame.append(textElement("p", words.left, "meta"));
  }
}

function sectionView(section: Element, level: number, words: PreviewWords): Node[] {
  const title = path(section, "title")?.textContent.trim() ?? "";
  const text = path(section, "text");
  const shown: Node[] = title === "" ? [] : [textElement(`h${Math.min(level, 6)}`, title)];
  if (text !== undefined) {
    const block = document.createElement("div");
    block.className = "scroll";
    block.tabIndex = 0;
    block.setAttribute("role", "group");
    block.setAttribute("aria-label", title);
    block.append(...narrative(text, 0, words));
    shown.push(block);
  }
  if (level > DEPTH_MAX) {
    return [...shown, textElement("p", words.left, "meta")];
  }
  for (const component of children(section, "component")) {
    for (const inner of children(component, "section")) {
      shown.push(...sectionView(inner, level + 1, words));
    }
  }
  return shown;
}

function narrative(of: Element, depth: number, words: PreviewWords): Node[] {
  if (depth > DEPTH_MAX) {
    return [textElement("span", words.left, "meta")];
  }
  return [...of.childNodes].flatMap((node): Node[] => {
    if (node.nodeType === Node.TEXT_NODE || node.nodeType === Node.CDATA_SECTION_NODE) {
      return [document.createTextNode(node.textContent ?? "")];
    }
    if (!(node instanceof Element)) {
      return [];
    }
    if (node.localName === "renderMultiMedia") {
      return [textElement("span", words.left, "meta")];
    }
    const inner = narrative(node, depth + 1, words);
    // What an author struck out is not read as if it stood.
    const isStruck = node.localName === "content" && node.getAttribute("revised") === "delete";
    const kind = isStruck ? "del" : shownAs.get(node.localName);
    if (kind === undefined) {
      return inner;
    }
    const element = document.createElement(node.localName === "list" && node.getAttribute("listType") === "ordered" ? "ol" : kind);
    for (const span of SPANS) {
      const count = Number(node.getAttribute(span));
      if (Number.isInteger(count) && count > 1 && count < 100) {
        element.setAttribute(span, String(count));
      }
    }
    element.append(...inner);
    return [element];
  });
}
