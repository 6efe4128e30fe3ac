// What the pages of documents share. Must not know a page.
import type { components } from "./schema";
import { session } from "./session.svelte";
import { t, type Key } from "./texts";
import { isOwn } from "./who.svelte";

/** A document, as the API gives it. */
export type DocumentView = components["schemas"]["DocumentView"];

const authors: Record<string, Key> = {
  representative: "author.representative",
  caregiver: "author.caregiver",
  insurer: "author.insurer",
  support: "author.support",
};

/** Endings of file names, by what is in them. */
const endings: Record<string, string> = {
  "application/pdf": "pdf",
  "image/png": "png",
  "image/jpeg": "jpg",
  "image/tiff": "tif",
  "application/dicom": "dcm",
  "application/rtf": "rtf",
  "application/cda+xml": "xml",
  "application/fhir+json": "json",
  "text/plain": "txt",
};

/** The name of a file that any device opens. */
export function fileName(title: string, contentType: string): string {
  return `${title}.${endings[contentType.split(";")[0] ?? ""] ?? "bin"}`;
}

/** Who added it, in words. */
export function author(document: DocumentView): string {
  const { kind, name, professionName } = document.author;
  // To the holder they are nobody else by their name; to others they are whose space it is.
  if (kind === "holder") {
    return session.actor === "citizen" && isOwn() ? t("author.holder") : t("author.patient");
  }
  if (name) {
    return professionName ? `${name}, ${professionName}` : name;
  }
  return t(authors[kind] ?? "author.professional");
}

/** Whether professionals do not see it. */
export function isMasked(document: DocumentView): boolean {
  return document.visibility.includes("MASQUE_PS");
}

/** Whether it is of the one who is logged in, or of their side: theirs to change. */
export function isOurs(document: DocumentView): boolean {
  const { kind, id } = document.author;
  return session.actor === "professional"
    ? kind === "professional" && id === session.rpps
    : session.actor === "citizen" && ["holder", "representative", "caregiver"].includes(kind);
}
