// Every word that is shown, by its key. Another language is another file of the same keys.
// Must not know where a word is shown.
import { fr } from "./fr";

/** The name of a text. */
export type Key = keyof typeof fr;

/** The text of a key; `{name}` in it is replaced by a value of that name. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return Object.entries(values).reduce(
    (text, [name, value]) => text.replaceAll(`{${name}}`, String(value)),
    fr[key] as string,
  );
}

const days = new Intl.DateTimeFormat("fr-FR", { dateStyle: "long" });
const instants = new Intl.DateTimeFormat("fr-FR", { dateStyle: "long", timeStyle: "short" });

/** A day, in words: of an instant or of `2026-03-04`. */
export function day(text: string): string {
  // A date without an hour is a day, not midnight somewhere.
  return days.format(text.length === 10 ? new Date(`${text}T12:00:00`) : new Date(text));
}

/** A day and its hour, in words. */
export function instant(text: string): string {
  return instants.format(new Date(text));
}

/** So many bytes, as a person says it. */
export function size(bytes: number): string {
  const number = (value: number) => value.toLocaleString("fr-FR", { maximumFractionDigits: 1 });
  if (bytes < 1_000_000) {
    return `${number(Math.max(1, Math.round(bytes / 1_000)))} ko`;
  }
  return `${number(bytes / 1_000_000)} Mo`;
}
