// Every word that is shown, by its key. Another language is another file of the same keys.
// Must not know where a word is shown.
import { fr } from "./fr";

/** The name of a text. */
export type Key = keyof typeof fr;

/** A value's place in a text, `{name}`, or the word that goes with its number: `{name|one=mot|other=mots}`. */
const PLACE = /\{(\w+)((?:\|\w+=[^|}]*)*)\}/g;
const plurals = new Intl.PluralRules("fr-FR");

/** French keeps its high punctuation on the line of what it follows; of our texts alone, never of a value. */
function bound(text: string): string {
  return text.replace(/ (?=[?!:;»%])/g, "\u00a0").replace(/« /g, "«\u00a0");
}

/** The text of a key, with its values in their places. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  return bound(fr[key]).replace(PLACE, (place, name: string, words: string) => {
    const value = values[name];
    if (value === undefined || words === "") {
      return value === undefined ? place : String(value);
    }
    const forms = new Map(words.slice(1).split("|").map((word) => word.split("=") as [string, string]));
    return forms.get(plurals.select(Number(value))) ?? forms.get("other") ?? "";
  });
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
