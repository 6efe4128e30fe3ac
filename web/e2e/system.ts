// The system that is visited: people who were invited, and the mail they got. Must not know a
// page.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const file = process.env["ESPACE_SYSTEM"] ?? "";
const system = JSON.parse(readFileSync(file, "utf8")) as { web: string; mail: string };
const tool = join(process.env["ESPACE_TARGET"] ?? "../target", "debug/local-cloud");
/** How long a message may take. */
const MAIL_MS = 60_000;

/** What was sent to somebody. */
interface Message {
  to: string;
  subject: string;
  body: string;
}

/** Someone who was invited. */
export interface Invited {
  nir: string;
  birthDate: string;
  firstName: string;
  birthName: string;
  email: string;
  card: { type: "photo" | "noPhoto"; serial: string };
  code: string;
}

function run(...args: string[]): string {
  return execFileSync(tool, args, { env: { ...process.env, ESPACE_SYSTEM: file }, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

/** Invites somebody new, by the insurer's file, as the insurer does. */
export async function invite(): Promise<Invited> {
  const seed = Math.floor(Math.random() * 1e9);
  const people = run("people", "--seed", String(seed), "--count", "40").trim().split("\n");
  const adults = people.map((line) => JSON.parse(line) as Record<string, unknown>);
  const person = adults.find((one) => one["card"] && one["email"] && String(one["birthDate"]) < "2000");
  if (person === undefined) {
    throw new Error("nobody of age with a card and a mailbox");
  }
  const folder = mkdtempSync(join(tmpdir(), "campaign-"));
  const campaign = join(folder, "one.ndjson");
  const email = `w${seed}@courriel.example`;
  writeFileSync(campaign, `${JSON.stringify({ ...person, email })}\n`);
  run("campaign", campaign);
  const letter = await mailTo(email, () => true);
  return {
    nir: String(person["nir"]),
    birthDate: String(person["birthDate"]),
    firstName: (person["firstNames"] as string[])[0] ?? "",
    birthName: String(person["birthName"]),
    email,
    card: person["card"] as Invited["card"],
    code: codeIn(letter.body),
  };
}

/** A number that no professional had before. */
export function rpps(): string {
  return String(10_000_000_000 + Math.floor(Math.random() * 1e9));
}

/** A token of ours: `professional:<rpps>:<profession>`, `support:<agent>`. */
export function token(who: string): string {
  return run("token", who).trim();
}

/** Asks the API as somebody who is not at this browser. */
export async function ask(bearer: string, path: string, body: unknown): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${bearer}`, "content-type": "application/json" };
  const answer = await fetch(`${system.web}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) {
    throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }
  return (await answer.json()) as Record<string, unknown>;
}

/** The last message to somebody that is wanted, waiting for it. */
export async function mailTo(
  address: string,
  wanted: (message: Message) => boolean,
  after = 0,
): Promise<Message> {
  const until = Date.now() + MAIL_MS;
  while (Date.now() < until) {
    const mine = (await mailbox()).filter((message) => message.to === address);
    const found = mine.slice(after).reverse().find(wanted);
    if (found) {
      return found;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("no such message");
}

/** How many messages somebody has. */
export async function mailCount(address: string): Promise<number> {
  return (await mailbox()).filter((message) => message.to === address).length;
}

/** The code on its line. */
export function codeIn(body: string): string {
  const code = /^code : (.+)$/m.exec(body)?.[1];
  if (code === undefined) {
    throw new Error("a message without a code");
  }
  return code;
}

async function mailbox(): Promise<Message[]> {
  return (await (await fetch(system.mail)).json()) as Message[];
}
