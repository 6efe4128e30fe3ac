// The calls of the API, by its own description. The access token is in memory alone; the token
// that renews it is in a cookie that no script reads. Must not know what a call is for.
import createClient from "openapi-fetch";
import { asProblem, offline, problemOf } from "./problem";
import type { paths } from "./schema";
import { session, sessionOver, stay } from "./session.svelte";

/** The status of who is nobody. */
const UNAUTHENTICATED = 401;
/** A renewal under way: of many calls that need one, one is made. */
let renewing: Promise<boolean> | undefined;

async function ask(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch {
    throw offline();
  }
}

/** Whom a token is of. */
function subjectOf(token: string): unknown {
  const payload = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
  return (JSON.parse(atob(payload)) as { sub?: unknown }).sub;
}

/** Whether a token is of the same as the one before, where there was one. */
function isOf(token: string, before: string | undefined): boolean {
  return before === undefined || subjectOf(token) === subjectOf(before);
}

/** Renews the access token by the cookie; `false` where there is no session any more. */
export function renew(): Promise<boolean> {
  renewing ??= (async () => {
    const before = session.token;
    const answer = await ask(new Request("/v1/sessions/refresh", { method: "POST" }));
    if (!answer.ok && answer.status !== UNAUTHENTICATED) {
      // Too fast, or a fault of ours: the session may well go on.
      throw problemOf(await answer.json().catch(() => undefined));
    }
    if (answer.ok) {
      const opened = (await answer.json()) as { accessToken: string };
      if (session.token !== before || !isOf(opened.accessToken, before)) {
        // Meanwhile one has left, or somebody else has come, here or in another page of the browser.
        return false;
      }
      session.token = opened.accessToken;
    }
    return answer.ok;
  })().finally(() => {
    renewing = undefined;
  });
  return renewing;
}

/** What is asked before one is anybody: by no token, and once. */
const BEFORE = /^\/v1\/sessions(?:\/authorization.*|\/exchange|\/password-reset.*)?$/;

async function authorised(request: Request): Promise<Response> {
  if (request.method === "POST" && BEFORE.test(new URL(request.url).pathname)) {
    return ask(request);
  }
  // A token given for the occasion (an enrolment's) stands for itself.
  if (request.headers.has("authorization") || session.token === undefined) {
    return ask(request);
  }
  const again = request.clone();
  const token = session.token;
  request.headers.set("authorization", `Bearer ${token}`);
  const answer = await ask(request);
  if (answer.status !== UNAUTHENTICATED) {
    return answer;
  }
  if (session.token === token) {
    // What another provider vouches for is not renewed by a cookie.
    const isRenewed = session.actor === "citizen" && (await renew());
    if (!isRenewed && session.token === token) {
      sessionOver();
    }
  }
  if (session.token === undefined || session.token === token) {
    return answer;
  }
  // Renewed, by this request or by another beside it.
  again.headers.set("authorization", `Bearer ${session.token}`);
  return ask(again);
}

/** The API. */
export const api = createClient<paths>({ baseUrl: location.origin, fetch: authorised });

/** What a call gave, or its problem thrown. */
export async function given<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const answer = await call;
  // An empty answer may be an error, too.
  if (!answer.response.ok) {
    throw problemOf(answer.error);
  }
  return answer.data as T;
}

/** What is asked for at once: what the API gives at once. */
const RANGE_BYTES = 4 * 1024 * 1024;
/** Tries of one piece, and how long is waited before the next, doubled each time. */
const PIECE_TRIES_MAX = 4;
const PIECE_WAIT_MS = 500;

/** A large content, piece by piece; `progress` hears how much of it has come, from 0 to 1. */
export async function wholeOf(
  path: string,
  size: number,
  media: string,
  progress: (part: number) => void,
): Promise<Blob> {
  if (size <= RANGE_BYTES) {
    return bytesOf(path);
  }
  const parts: Blob[] = [];
  for (let from = 0; from < size; from += RANGE_BYTES) {
    progress(from / size);
    parts.push(await pieceOf(path, from, Math.min(from + RANGE_BYTES, size)));
    // Who waits for it is there.
    stay();
  }
  return new Blob(parts, { type: media });
}

/** A piece, asked for again where the connection breaks off: those before it are not lost. */
async function pieceOf(path: string, from: number, to: number): Promise<Blob> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await rangeOf(path, from, to);
    } catch (thrown) {
      if (tries >= PIECE_TRIES_MAX || asProblem(thrown).kind !== "offline") {
        throw thrown;
      }
      await new Promise((resolve) => setTimeout(resolve, PIECE_WAIT_MS * 2 ** tries));
    }
  }
}

async function rangeOf(path: string, from: number, to: number): Promise<Blob> {
  const answer = await authorised(new Request(path, { headers: { range: `bytes=${from}-${to - 1}` } }));
  if (!answer.ok) {
    throw problemOf(await answer.json().catch(() => undefined));
  }
  return bodyOf(answer);
}

/** The bytes of an answer; a connection may break off after its head. */
async function bodyOf(answer: Response): Promise<Blob> {
  try {
    return await answer.blob();
  } catch {
    throw offline();
  }
}

/** Bytes that are asked for by telling something: a proof, years later. */
export async function postedFor(path: string, body: unknown): Promise<Blob> {
  const headers = { "content-type": "application/json" };
  const answer = await ask(new Request(path, { method: "POST", headers, body: JSON.stringify(body) }));
  if (!answer.ok) {
    throw problemOf(await answer.json().catch(() => undefined));
  }
  return bodyOf(answer);
}

/** Bytes of the API: a document's content, a proof. */
export async function bytesOf(path: string, token?: string): Promise<Blob> {
  const request = new Request(path);
  if (token !== undefined) {
    request.headers.set("authorization", `Bearer ${token}`);
  }
  const answer = await authorised(request);
  if (!answer.ok) {
    throw problemOf(await answer.json().catch(() => undefined));
  }
  return bodyOf(answer);
}
