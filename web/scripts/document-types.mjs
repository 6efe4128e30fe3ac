// Writes the types of documents that are added, by whom, and the categories, from the value sets that the
// functions are built from: what is offered here is what is taken there. Must not know a page.
import { readFileSync, writeFileSync } from "node:fs";

/** The cells of a line of CSV; a quoted one may hold commas and doubled quotes. */
function cells(line) {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) =>
    cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
  );
}

const [head, ...lines] = readFileSync("../shared/domain/data/doc_types.csv", "utf8").trim().split("\n");
const names = cells(head);
const rows = lines.map((line) => Object.fromEntries(cells(line).map((cell, n) => [names[n], cell])));
const own = rows
  .filter((row) => row.patient_deposited === "yes")
  .map((row) => ({ code: row.type_code, name: row.display_fr }));
const professional = rows
  .filter((row) => row.patient_deposited !== "yes")
  .map((row) => ({ code: row.type_code, name: row.display_fr }))
  .sort((a, b) => a.name.localeCompare(b.name, "fr"));
const categories = [...new Map(rows.map((row) => [row.ui_category_code, row.ui_category_label]))]
  .map(([code, name]) => ({ code, name }))
  .filter((one) => one.code !== "")
  .sort((a, b) => a.name.localeCompare(b.name, "fr"));
if (own.length === 0 || categories.length === 0) {
  throw new Error("the value sets name no type that a person adds");
}
writeFileSync(
  "src/lib/document-types.ts",
  "// Written by scripts/document-types.mjs.\n" +
    `export const ownTypes = ${JSON.stringify(own)};\n` +
    `export const professionalTypes = ${JSON.stringify(professional)};\n` +
    `export const categories = ${JSON.stringify(categories)};\n`,
);
