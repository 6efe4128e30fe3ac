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
  /** The access token; none where nobody is logged in. */
  token: string | undefined;
  /** Whether it was looked up whether somebody is. */
  known: boolean;
  /** Whether the session is about to end for want of a gesture. */
  ending: boolean;
  /** Why one is asked to log in again. */
  over: "expired" | "idle" | "left" | undefined;
}

export const session = $state<Session>({
  actor: "citizen",
  rpps: undefined,
  token: undefined,
  known: false,
  ending: false,
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

/** When the session ends for want of a gesture, by the clock: a device that slept runs no timers. */
let endsAt = Infinity;

document.addEventListener("visibilitychange", () => {
  if (session.token !== undefined && Date.now() > endsAt) {
    void leave("idle");
  }
});

/** Somebody is logged in. */
export function opened(token: string, actor: Actor): void {
  session.token = token;
  session.actor = actor;
  session.known = true;
  session.over = undefined;
  endsAt = Infinity;
  stay();
}

/** A gesture: the session goes on. */
export function stay(): void {
  if (session.token !== undefined && Date.now() > endsAt) {
    // The device slept: the gesture is that of whoever is there now.
    void leave("idle");
    return;
  }
  clearTimeout(warning);
  clearTimeout(ending);
  session.ending = false;
  if (session.token !== undefined) {
    endsAt = Date.now() + IDLE_MS;
    warning = setTimeout(() => {
      session.ending = true;
    }, IDLE_MS - WARNED_MS);
    ending = setTimeout(() => void leave("idle"), IDLE_MS);
  }
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
  clearTimeout(warning);
  clearTimeout(ending);
  endsAt = Infinity;
  leaving.forEach((last) => last());
  Object.assign(session, { token: undefined, rpps: undefined, known: true, ending: false, over: why });
  rememberSpace(undefined);
  go(doorOf[session.actor], true);
}
