// What the pages of documents share. Must not know a page.
import type { components } from "./schema";
import { session } from "./session.svelte";
import { t, type Key } from "./texts";

/** A document, as the API gives it. */
export type DocumentView = components["schemas"]["DocumentView"];

const authors: Record<string, Key> = {
  holder: "author.holder",
  representative: "author.representative",
  caregiver: "author.caregiver",
  insurer: "author.insurer",
};

/** Who added it, in words. */
export function author(document: DocumentView): string {
  const { kind, name, professionName } = document.author;
  // To the holder they are nobody else by their name.
  if (name && kind !== "holder") {
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
