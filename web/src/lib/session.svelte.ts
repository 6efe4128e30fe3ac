// Who is logged in. The token is never stored: closing the page forgets it. Must not know how
// one logs in.
import { go, rememberSpace } from "./router.svelte";

/** Minutes without a gesture after which the session ends, and before that, one is warned. */
const IDLE_MS = 10 * 60_000;
const WARNED_MS = 60_000;

/** What someone is to the service. */
export type Actor = "citizen" | "professional" | "support";

interface Session {
  /** What the one is who is logged in, or was last. */
  actor: Actor;
  /** A professional's number: by it they know their own deposits. */
  rpps: string | undefined;
  /** Whether a professional answers calls at the SAMU's regulation. */
  isRegulator: boolean;
  /** The access token; none where nobody is logged in. */
  token: string | undefined;
  /** Whether it was looked up whether somebody is. */
  known: boolean;
  /** Why the session is about to end: for want of a gesture, or since its provider's word is old. */
  ending: "idle" | "expired" | undefined;
  /** Why one is asked to log in again. */
  over: "expired" | "idle" | "left" | "activated" | undefined;
}

export const session = $state<Session>({
  actor: "citizen",
  rpps: undefined,
  isRegulator: false,
  token: undefined,
  known: false,
  ending: undefined,
  over: undefined,
});

/** Where each logs in. */
export const doorOf: Record<Actor, string> = {
  citizen: "/connexion",
  professional: "/professionnel",
  support: "/assistance",
};

/** Where each comes in. */
export const homes: Record<Actor, string> = {
  citizen: "/accueil",
  professional: "/patient",
  support: "/assistance",
};

let warning: ReturnType<typeof setTimeout> | undefined;
let ending: ReturnType<typeof setTimeout> | undefined;
/** Of a session that is not renewed: when its end is told of. */
let expiring: ReturnType<typeof setTimeout> | undefined;

/** When the session ends for want of a gesture, by the clock: a device that slept runs no timers. */
let endsAt = Infinity;

document.addEventListener("visibilitychange", () => {
  if (session.token !== undefined && Date.now() > endsAt) {
    void leave("idle");
  }
});

/** The pages of this browser share a citizen's session: what is done in one is known to all. */
const beside = new BroadcastChannel("session");
/** Gestures that others are told of are so far apart. */
const TOLD_EVERY_MS = 5_000;
let toldAt = 0;

beside.onmessage = ({ data }: MessageEvent<"gesture" | "left">) => {
  if (session.token === undefined || session.actor !== "citizen") {
    return;
  }
  if (data === "left") {
    forget("left");
  } else if (Date.now() <= endsAt) {
    goOn();
  }
};

function tellBeside(what: "gesture" | "left"): void {
  if (session.actor === "citizen" && (what === "left" || Date.now() - toldAt > TOLD_EVERY_MS)) {
    toldAt = Date.now();
    beside.postMessage(what);
  }
}

/** Somebody is logged in; for so many seconds, where the session is not renewed. */
export function opened(token: string, actor: Actor, forS?: number): void {
  session.token = token;
  session.actor = actor;
  session.known = true;
  session.over = undefined;
  endsAt = Infinity;
  clearTimeout(expiring);
  if (forS !== undefined) {
    expiring = setTimeout(() => {
      session.ending = "expired";
    }, forS * 1_000 - WARNED_MS);
  }
  stay();
}

/** A gesture: the session goes on. */
export function stay(): void {
  if (session.token !== undefined && Date.now() > endsAt) {
    // The device slept: the gesture is that of whoever is there now.
    void leave("idle");
    return;
  }
  tellBeside("gesture");
  goOn();
}

function goOn(): void {
  clearTimeout(warning);
  clearTimeout(ending);
  if (session.ending === "idle") {
    session.ending = undefined;
  }
  if (session.token !== undefined) {
    endsAt = Date.now() + IDLE_MS;
    warning = setTimeout(() => {
      session.ending ??= "idle";
    }, IDLE_MS - WARNED_MS);
    ending = setTimeout(() => void leave("idle"), IDLE_MS);
  }
}

/** The end was told of, and one goes on until it comes. */
export function heard(): void {
  session.ending = undefined;
  stay();
}

/** The session is over already. */
export function sessionOver(): void {
  if (session.token !== undefined) {
    forget("expired");
  }
}

/** Logs out, as far as it is reached: here it is over in any case. The cookie ends the session where
 * the token in hand is over already. */
export async function leave(why: "idle" | "left"): Promise<void> {
  const token = session.token;
  // Another's cookie, of the same browser, is not what a professional leaves.
  const credentials = session.actor === "citizen" ? "same-origin" : "omit";
  tellBeside("left");
  forget(why);
  const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const gone = fetch("/v1/sessions/current", { method: "DELETE", headers, credentials, keepalive: true });
  await gone.catch(() => undefined);
}

/** What is done last, while one is still somebody: keeping what was being written. */
const leaving = new Set<() => void>();

/** Has something done before the session is over; gives how to take it back. */
export function beforeLeaving(last: () => void): () => void {
  leaving.add(last);
  return () => leaving.delete(last);
}

function forget(why: Session["over"]): void {
  [warning, ending, expiring].forEach((timer) => clearTimeout(timer));
  endsAt = Infinity;
  leaving.forEach((last) => last());
  Object.assign(session, { token: undefined, rpps: undefined, isRegulator: false, known: true, ending: undefined, over: why });
  rememberSpace(undefined);
  go(doorOf[session.actor], true);
}
