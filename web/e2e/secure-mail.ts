// Secure mail, as a professional's program sends it. Must not know the client.
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rpps, run, type Invited } from "./system";

const DOMAIN = "medecin.mssante.fr";
const PATIENTS = "patient.mssante.fr";
/** How long an answer of the operator may take. */
const ANSWER_MS = 10_000;

/** Says a line to the operator, and waits for its answer. */
function talk(lines: string[]): Promise<void> {
  const system = JSON.parse(readFileSync(process.env["ESPACE_SYSTEM"] ?? "", "utf8")) as { smtp: string };
  const { hostname, port } = new URL(system.smtp.replace("smtp:", "http:"));
  return new Promise((resolve, reject) => {
    const socket = createConnection(Number(port), hostname);
    const waiting = [...lines];
    socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error("the operator does not answer")));
    socket.setEncoding("utf8");
    socket.on("data", (answer: string) => {
      if (/^[45]/m.test(answer)) {
        socket.destroy(new Error(answer));
        return;
      }
      // An answer of several lines ends with one that has no hyphen.
      if (/^\d{3} /m.test(answer)) {
        const next = waiting.shift();
        if (next === undefined) {
          socket.end();
        } else {
          socket.write(`${next}\r\n`);
        }
      }
    });
    socket.on("close", (failed) => {
      if (!failed && waiting.length > 0) {
        reject(new Error("the operator hung up"));
      } else if (!failed) {
        resolve();
      }
    });
    socket.on("error", reject);
  });
}

/** A professional whom the trust space knows sends somebody a message with a file. */
export async function sendMail(to: Invited, subject: string, file: { name: string; bytes: Buffer }): Promise<void> {
  const number = rpps();
  const from = `anne.morel.${number}@${DOMAIN}`;
  const trusted = join(mkdtempSync(join(tmpdir(), "trust-")), "trust.ndjson");
  const mailbox = { address: from, rpps: number, name: "Anne Morel", profession: "10", structure: `1C${number}` };
  writeFileSync(trusted, `${JSON.stringify({ domain: DOMAIN })}\n${JSON.stringify(mailbox)}\n`);
  run("trust-space", trusted);
  const address = `${to.nir}${to.nirKey}@${PATIENTS}`;
  const content = file.bytes.toString("base64").replace(/.{76}/g, "$&\r\n");
  const mail = [
    `From: Dr Anne Morel <${from}>`,
    `To: <${address}>`,
    `Subject: ${subject}`,
    `Message-ID: <${number}@${DOMAIN}>`,
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="b"',
    "",
    "--b",
    "",
    "Ci-joint.",
    "--b",
    "Content-Type: application/octet-stream",
    `Content-Disposition: attachment; filename="${file.name}"`,
    "Content-Transfer-Encoding: base64",
    "",
    content,
    "--b--",
    ".",
  ];
  await talk([`EHLO ${DOMAIN}`, `MAIL FROM:<${from}>`, `RCPT TO:<${address}>`, "DATA", mail.join("\r\n"), "QUIT"]);
}
