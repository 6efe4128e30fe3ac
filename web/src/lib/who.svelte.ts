// In whose space one is: one's own, a child's, that of someone one helps. Always in sight. Must
// not know what is done there.
import { api, given } from "./api";
import { onSpaceOf, rememberSpace, spaceBefore } from "./router.svelte";
import { session } from "./session.svelte";

/** Someone whose space may be entered. */
export interface Person {
  /** `me`, or an id. */
  spaceId: string;
  name: string;
  /** What one is to them. */
  as: As;
  /** Until when, where it ends. */
  until?: string;
  /** Of a patient: the access that is open. */
  access?: { expiresAt: string; mode: string };
}

/** What someone is to the person whose space it is. */
type As = "holder" | "representative" | "caregiver" | "patient" | "assisted";

interface Who {
  people: Person[];
  current: Person | undefined;
  /** How often one has gone to another's: what is shown of the one before goes away. */
  switched: number;
  /** Whether it was looked up for whom one may act. */
  known: boolean;
}

export const who = $state<Who>({ people: [], current: undefined, switched: 0, known: false });

/** The space in hand, as a path names it. */
export function spaceId(): string {
  return who.current?.spaceId ?? "me";
}

/** Whether one is in one's own space. */
export function isOwn(): boolean {
  return spaceId() === "me";
}

/** Whether one decides who sees: the holder, or who represents them; who helps does not. */
export function decides(): boolean {
  return who.current === undefined || who.current.as === "holder" || who.current.as === "representative";
}

/** Whether one is on the holder's side: the holder, who represents or who helps them. */
export function isOwnSide(): boolean {
  return who.current?.as !== "patient" && who.current?.as !== "assisted";
}

/** Finds out for whom one may act; a closed space acts for nobody. */
export async function findPeople(): Promise<void> {
  const params = { path: { spaceId: "me" } };
  const own = await given(api.GET("/v1/spaces/{spaceId}", { params }));
  if ("closedAt" in own) {
    who.people = [];
    return;
  }
  const helped = await given(api.GET("/v1/spaces/{spaceId}/helped", { params }));
  if (session.actor !== "citizen" || session.token === undefined) {
    // Somebody else came in meanwhile.
    return;
  }
  const me: Person = { spaceId: "me", name: own.holder.firstName, as: "holder" };
  const children = own.dependants.map(
    (one): Person => ({ spaceId: one.spaceId, name: one.firstName, as: "representative" }),
  );
  const others = helped.items
    .filter((one) => one.state === "accepted")
    .map((one): Person => ({ spaceId: one.spaceId, name: one.name, as: "caregiver" }));
  who.people = [me, ...children, ...others];
  const before = who.people.find((one) => one.spaceId === spaceBefore());
  if (who.current === undefined && before && !who.known) {
    switchTo(before);
  }
  who.current ??= me;
}

onSpaceOf((id) => {
  const person = who.people.find((one) => one.spaceId === (id ?? "me"));
  if (person && session.actor === "citizen") {
    switchTo(person);
  }
});

/** Goes to the space of another. */
export function switchTo(person: Person): void {
  who.current = person;
  who.switched += 1;
  rememberSpace(isOwn() ? undefined : person.spaceId);
}

/** Whose space a professional or a helper by profession has in hand. */
export function takeInHand(person: Person): void {
  who.people = [person];
  who.current = person;
}

/** Nobody is here any more. */
export function forgetPeople(): void {
  who.known = false;
  who.people = [];
  who.current = undefined;
}
