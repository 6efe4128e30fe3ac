// What a page and its preview frame say to each other. Must not know how a content is drawn.

/** The words the frame needs, in the language of the page. */
export interface PreviewWords {
  /** `{page}` of `{pages}`. */
  page: string;
  larger: string;
  smaller: string;
  /** Of a table of results, of a document's head. */
  patient: string;
  author: string;
  /** An image or a part that is not shown. */
  left: string;
}

/** What the page gives. */
export interface ToPreview {
  media: "application/pdf" | "application/cda+xml";
  bytes: ArrayBuffer;
  words: PreviewWords;
}

/** What the frame says. */
export interface FromPreview {
  kind: "ready" | "shown" | "failed";
}
