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
/** Of a session that is not renewed: when its end is told of, and its end. */
let dying: ReturnType<typeof setTimeout>[] = [];

/** When there was a gesture last, here or in another page of a citizen's, by the clock: a device that slept
 * runs no timers. */
let gestureAt = 0;
/** When the session is over, whatever is done. */
let diesAt = Infinity;

/** What the pages of a browser tell each other, who share a citizen's session: a gesture and when, that one
 * has left, that somebody has come, and the question whether there was a gesture. */
type Word = { what: "gesture"; at: number } | { what: "left"; why: "idle" | "left" } | { what: "came" | "ask" };
const beside = new BroadcastChannel("session");
/** Gestures that others are told of are so far apart. */
const TOLD_EVERY_MS = 5_000;
/** How long an answer is waited for from the pages beside this one. */
const ANSWERED_MS = 300;
let toldAt = 0;
let isAsking = false;

beside.onmessage = ({ data }: MessageEvent<Word>) => {
  if (!isShared()) {
    return;
  }
  if (data.what === "gesture") {
    goOn(data.at);
  } else if (data.what === "ask") {
    tell({ what: "gesture", at: gestureAt });
  } else {
    // Who has come may be somebody else: nothing of the one before stays in sight.
    forget(data.what === "left" ? data.why : "left");
  }
};

/** Whether the session is one with those of the pages beside this one. */
function isShared(): boolean {
  return session.token !== undefined && session.actor === "citizen";
}

function tell(word: Word): void {
  beside.postMessage(word);
}

/** Somebody has logged in here: the pages beside this one may be another's. */
export function tellOfComing(): void {
  tell({ what: "came" });
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    look();
  }
});

/** Somebody is logged in; for so many seconds, where the session is not renewed. */
export function opened(token: string, actor: Actor, forS?: number): void {
  session.token = token;
  session.actor = actor;
  session.known = true;
  session.over = undefined;
  dying.forEach((timer) => clearTimeout(timer));
  diesAt = forS === undefined ? Infinity : Date.now() + forS * 1_000;
  dying =
    forS === undefined
      ? []
      : [
          setTimeout(() => (session.ending = "expired"), forS * 1_000 - WARNED_MS),
          setTimeout(look, forS * 1_000),
        ];
  gestureAt = Date.now();
  stay();
}

/** A gesture: the session goes on. */
export function stay(): void {
  if (session.token === undefined) {
    return;
  }
  const now = Date.now();
  if (now >= diesAt || now > gestureAt + IDLE_MS) {
    // The device slept: the gesture is that of whoever is there now.
    look();
    return;
  }
  goOn(now);
  if (isShared() && now - toldAt > TOLD_EVERY_MS) {
    toldAt = now;
    tell({ what: "gesture", at: now });
  }
}

/** There was a gesture at that time. */
function goOn(at: number): void {
  // A clock that was put back makes nobody stay for longer.
  gestureAt = Math.min(Math.max(gestureAt, at), Date.now());
  const left = gestureAt + IDLE_MS - Date.now();
  if (left <= 0) {
    return;
  }
  clearTimeout(warning);
  clearTimeout(ending);
  if (session.ending === "idle" && left > WARNED_MS) {
    session.ending = undefined;
  }
  warning = setTimeout(() => (session.ending ??= "idle"), Math.max(0, left - WARNED_MS));
  ending = setTimeout(look, left);
}

/** Ends the session where it is over: its own end has come, or there was no gesture for long, here or beside. */
function look(): void {
  if (session.token === undefined || isAsking) {
    return;
  }
  if (Date.now() >= diesAt) {
    forget("expired");
    return;
  }
  gestureAt = Math.min(gestureAt, Date.now());
  const left = Math.min(gestureAt + IDLE_MS, diesAt) - Date.now();
  if (left > 0) {
    // A timer and the clock are not of one mind: it is looked again when the clock says so.
    clearTimeout(ending);
    ending = setTimeout(look, left);
    return;
  }
  // A page that slept has heard nothing: it asks the others before it ends what may be theirs.
  isAsking = true;
  if (isShared()) {
    tell({ what: "ask" });
  }
  setTimeout(
    () => {
      isAsking = false;
      if (session.token !== undefined && Date.now() >= gestureAt + IDLE_MS) {
        void leave("idle");
      }
    },
    isShared() ? ANSWERED_MS : 0,
  );
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
  if (isShared()) {
    tell({ what: "left", why });
  }
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
  [warning, ending, ...dying].forEach((timer) => clearTimeout(timer));
  diesAt = Infinity;
  leaving.forEach((last) => last());
  Object.assign(session, { token: undefined, rpps: undefined, isRegulator: false, known: true, ending: undefined, over: why });
  rememberSpace(undefined);
  go(doorOf[session.actor], true);
}
