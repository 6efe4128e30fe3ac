// Numbers as people type them, and a card as the API takes it. Must not know what it proves.

/** Which card one has, or that its serial cannot be read. */
export type CardKind = "photo" | "noPhoto" | "unreadable";

/** What was typed, without what people put between digits. */
export function plain(typed: string): string {
  return typed.replace(/[\s.-]/g, "").toUpperCase();
}

/** The card, as a part of a request; nothing where its serial cannot be read. */
export function cardOf(kind: CardKind, serial: string): { card?: { type: string; serial: string } } {
  return kind === "unreadable" ? {} : { card: { type: kind, serial: plain(serial) } };
}
