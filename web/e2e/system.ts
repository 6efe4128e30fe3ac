// The system that is visited: people who were invited, and the mail they got. Must not know a
// page.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const file = process.env["ESPACE_SYSTEM"] ?? "";
const system = JSON.parse(readFileSync(file, "utf8")) as { web: string; mail: string };
const tool = join(process.env["ESPACE_TARGET"] ?? "../target", "debug/local-cloud");
/** Among how many people one begins. */
const PEOPLE_APART = 300_000;
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
  /** The two digits that check it. */
  nirKey: string;
  birthDate: string;
  firstName: string;
  birthName: string;
  email: string;
  /** A mobile's number, where one is known. */
  phone: string;
  card: { type: "photo" | "noPhoto"; serial: string };
  code: string;
  /** As the insurer's file has them. */
  line: Person;
}

type Person = Record<string, unknown>;

/** Has the tool of the local system do something. */
export function run(...args: string[]): string {
  return execFileSync(tool, args, { env: { ...process.env, ESPACE_SYSTEM: file }, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

/** Adults of nobody's family, each with a card. */
function adults(count: number): { people: Person[]; seed: number } {
  const seed = Math.floor(Math.random() * 1e9);
  // Anywhere among those of a seed: its first ones are often those of another's.
  const from = Math.floor(Math.random() * PEOPLE_APART);
  const lines = run("people", "--seed", String(seed), "--count", "60", "--from", String(from)).trim().split("\n");
  const found = lines
    .map((line) => JSON.parse(line) as Person)
    .filter((one) => one["card"] && String(one["birthDate"]) < "2000" && (one["representatives"] as string[]).length === 0);
  if (found.length < count) {
    throw new Error("too few adults with a card");
  }
  return { people: found.slice(0, count), seed };
}

/** Sends the insurer's file. */
function campaign(lines: Person[]): void {
  const file = join(mkdtempSync(join(tmpdir(), "campaign-")), "people.ndjson");
  writeFileSync(file, lines.map((one) => JSON.stringify(one)).join("\n") + "\n");
  run("campaign", file);
}

/** Invites them by the insurer's file, as the insurer does; each has a mailbox of their own. */
async function feed(people: Person[], seed: number): Promise<Invited[]> {
  const mailboxes = people.map((person, at) => ({ ...person, email: `w${seed}-${at}@courriel.example` }));
  campaign(mailboxes);
  return Promise.all(
    mailboxes.map(async (person: Person & { email: string }) => ({
      nir: String(person["nir"]),
      nirKey: String(person["nirKey"]),
      birthDate: String(person["birthDate"]),
      firstName: (person["firstNames"] as string[])[0] ?? "",
      birthName: String(person["birthName"]),
      email: person.email,
      phone: String(person["phone"] ?? ""),
      card: person["card"] as Invited["card"],
      code: codeIn((await mailTo(person.email, () => true)).body),
      line: person,
    })),
  );
}

/** Invites somebody again who had everything erased; gives the new code. */
export async function inviteAgain(person: Invited): Promise<string> {
  const before = await mailCount(person.email);
  campaign([person.line]);
  return codeIn((await mailTo(person.email, (one) => /^code : /m.test(one.body), before)).body);
}

/** Has the insurer say that somebody died. */
export function reportDeath(person: Invited): void {
  campaign([{ ...person.line, deceasedOn: "2026-10-02" }]);
}

/** Invites somebody new. */
export async function invite(): Promise<Invited> {
  const { people, seed } = adults(1);
  const [person] = await feed(people, seed);
  return person as Invited;
}

/** Invites two parents and two children of theirs. */
export async function inviteFamily(): Promise<{ mother: Invited; father: Invited; children: Invited[] }> {
  const { people, seed } = adults(4);
  const nirs = people.slice(0, 2).map((one) => one["nir"]);
  const born = ["2015-03-04", "2019-11-30"];
  const family = people.map((one, at) =>
    at < 2 ? one : { ...one, birthDate: born[at - 2], card: null, representatives: nirs },
  );
  const [mother, father, ...children] = (await feed(family, seed)) as [Invited, Invited, ...Invited[]];
  return { mother, father, children };
}

/** A number that no professional had before. */
export function rpps(): string {
  return String(10_000_000_000 + Math.floor(Math.random() * 1e9));
}

/** A token of ours: `professional:<rpps>:<profession>`, `support:<agent>`. */
export function token(who: string): string {
  return run("token", who).trim();
}

/** Has a scheduled job run now, instead of within the minute; or as of some minutes from now. */
export function job(name: string, minutesAhead = 0): void {
  const asOf = new Date(Date.now() + minutesAhead * 60_000).toISOString();
  run("job", name, ...(minutesAhead > 0 ? ["--as-of", asOf] : []));
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
