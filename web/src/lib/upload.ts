// Sending a file: small ones in one request, large ones in parts that are taken up again where
// they broke off. Must not know what the file is.
import { api, given, renew } from "./api";
import { asProblem, offline, Problem, problemOf } from "./problem";
import type { components } from "./schema";
import { session, sessionOver, stay } from "./session.svelte";
import { size, t } from "./texts";
import { spaceId } from "./who.svelte";

type Entry = components["schemas"]["EntryInput"];
type UploadView = components["schemas"]["UploadView"];

/** Largest file that goes in one request, bytes: what the API takes at once. */
const AT_ONCE_BYTES_MAX = 4 * 1024 * 1024;
/** Tries of one part, and how long is waited before the next, doubled each time. */
const PART_TRIES_MAX = 4;
const PART_WAIT_MS = 500;
/** How often it is asked whether a large file was taken in. */
const ASKED_EVERY_MS = 1_000;

/** A file on its way: to whose space, and what is needed to go on with it. */
export class Sending {
  /** The space it goes to, wherever one is by then. */
  readonly spaceId = spaceId();
  /** However often it is tried, it is one document. */
  readonly key = crypto.randomUUID();
  /** The document it will be, once it was announced. */
  documentId: string | undefined;
  /** Stops it. */
  readonly stop = new AbortController();
}

/** Sends a file; gives the document's id. `progress` hears how much of it was sent, from 0 to 1. */
export async function send(
  file: File,
  entry: Entry,
  sending: Sending,
  progress: (sent: number) => void,
): Promise<string> {
  return file.size <= AT_ONCE_BYTES_MAX
    ? atOnce(`/v1/spaces/${sending.spaceId}/documents`, file, entry, progress, sending)
    : inParts(file, entry, sending, progress);
}

/** Sends the next version of a document of one's own: whole, as long as it is small. */
export async function sendVersion(
  documentId: string,
  file: File,
  entry: Entry,
  progress: (sent: number) => void,
  sending: Sending,
): Promise<void> {
  if (file.size > AT_ONCE_BYTES_MAX) {
    const most = { size: size(AT_ONCE_BYTES_MAX) };
    throw new Problem("content-too-large", t("versions.too-large"), t("versions.too-large.text", most));
  }
  await atOnce(`/v1/spaces/${sending.spaceId}/documents/${documentId}/versions`, file, entry, progress, sending);
}

/** Waits until a document was looked at; `false` where it was refused. */
export async function takenIn(documentId: string, sending: Sending): Promise<boolean> {
  const params = { path: { spaceId: sending.spaceId, documentId } };
  for (;;) {
    sending.stop.signal.throwIfAborted();
    const found = await given(api.GET("/v1/spaces/{spaceId}/documents/{documentId}/upload", { params })).catch(
      (thrown: unknown) => {
        // Once it is a document, nothing is on its way any more.
        if (asProblem(thrown).kind === "not-found") {
          return undefined;
        }
        throw thrown;
      },
    );
    if (found === undefined || found.state === "available") {
      return true;
    }
    if (found.state === "rejected") {
      return false;
    }
    await pause(ASKED_EVERY_MS);
  }
}

async function atOnce(
  path: string,
  file: File,
  entry: Entry,
  progress: (sent: number) => void,
  sending: Sending,
): Promise<string> {
  const form = new FormData();
  form.set("entry", new Blob([JSON.stringify(entry)], { type: "application/json" }));
  form.set("content", file);
  const headers = () => ({ authorization: `Bearer ${session.token ?? ""}`, "idempotency-key": sending.key });
  const post = () => request("POST", path, form, progress, sending, headers());
  let answer = await post();
  if (answer.status === 401) {
    if (session.actor !== "citizen" || !(await renew())) {
      sessionOver();
    } else {
      answer = await post();
    }
  }
  const body = JSON.parse(answer.responseText || "null") as { documentId: string };
  if (answer.status >= 300) {
    throw problemOf(body);
  }
  return body.documentId;
}

async function inParts(
  file: File,
  entry: Entry,
  sending: Sending,
  progress: (sent: number) => void,
): Promise<string> {
  const upload = await announced(file, entry, sending);
  const path = { spaceId: sending.spaceId, documentId: upload.documentId };
  const parts = upload.upload?.parts ?? [];
  const partSize = upload.upload?.partSize ?? file.size;
  const sent: { number: number; etag: string }[] = [];
  let before = 0;
  for (const part of parts) {
    const start = (part.number - 1) * partSize;
    const bytes = file.slice(start, start + part.size);
    const so = before;
    const etag =
      part.etag ?? (await putPart(part.url, bytes, (of) => progress((so + of * part.size) / file.size), sending));
    sent.push({ number: part.number, etag });
    before += part.size;
    progress(before / file.size);
  }
  const body = { parts: sent };
  sending.stop.signal.throwIfAborted();
  await given(
    api.POST("/v1/spaces/{spaceId}/documents/{documentId}/upload/completion", { params: { path }, body }),
  );
  return upload.documentId;
}

/** The upload as it stands: a new one, or the one that broke off. */
async function announced(file: File, entry: Entry, sending: Sending): Promise<UploadView> {
  if (sending.documentId !== undefined) {
    const path = { spaceId: sending.spaceId, documentId: sending.documentId };
    return given(api.GET("/v1/spaces/{spaceId}/documents/{documentId}/upload", { params: { path } }));
  }
  const hash = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const sha256 = Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const body = { ...entry, contentType: file.type || "application/octet-stream", size: file.size, sha256 };
  sending.stop.signal.throwIfAborted();
  const params = { path: { spaceId: sending.spaceId }, header: { "Idempotency-Key": sending.key } };
  const upload = (await given(api.POST("/v1/spaces/{spaceId}/documents", { params, body }))) as UploadView;
  sending.documentId = upload.documentId;
  return upload;
}

/** Puts a part where its address says; tried again where the connection breaks off. */
export async function putPart(
  url: string,
  bytes: Blob,
  progress: (of: number) => void,
  sending: Sending,
): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await request("PUT", url, bytes, progress, sending, {});
      const etag = answer.getResponseHeader("etag");
      if (answer.status >= 200 && answer.status < 300 && etag !== null) {
        return etag;
      }
      throw offline();
    } catch (thrown) {
      if (tries >= PART_TRIES_MAX || sending.stop.signal.aborted) {
        throw thrown;
      }
      await pause(PART_WAIT_MS * 2 ** tries);
    }
  }
}

/** A request whose sending is followed: `fetch` does not tell how far it is. */
function request(
  method: string,
  url: string,
  body: XMLHttpRequestBodyInit,
  progress: (sent: number) => void,
  sending: Sending,
  headers: Record<string, string>,
): Promise<XMLHttpRequest> {
  sending.stop.signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) {
      request.setRequestHeader(name, value);
    }
    request.upload.onprogress = (event) => {
      // Who waits for a file to be sent is there.
      stay();
      progress(event.loaded / Math.max(1, event.total));
    };
    request.onload = () => resolve(request);
    request.onerror = () => reject(offline());
    request.onabort = () => reject(offline());
    sending.stop.signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
