// In whose space one is: one's own, a child's, that of someone one helps. Always in sight. Must
// not know what is done there.
import { api, given } from "./api";

/** Someone whose space may be entered. */
export interface Person {
  /** `me`, or an id. */
  spaceId: string;
  name: string;
  /** What one is to them. */
  as: "holder" | "representative" | "caregiver";
}

interface Who {
  people: Person[];
  current: Person | undefined;
}

export const who = $state<Who>({ people: [], current: undefined });

/** The space in hand, as a path names it. */
export function spaceId(): string {
  return who.current?.spaceId ?? "me";
}

/** Whether one is in one's own space. */
export function isOwn(): boolean {
  return spaceId() === "me";
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
  const me: Person = { spaceId: "me", name: own.holder.firstName, as: "holder" };
  const children = own.dependants.map(
    (one): Person => ({ spaceId: one.spaceId, name: one.firstName, as: "representative" }),
  );
  const others = helped.items
    .filter((one) => one.state === "accepted")
    .map((one): Person => ({ spaceId: one.spaceId, name: one.name, as: "caregiver" }));
  who.people = [me, ...children, ...others];
  who.current ??= me;
}

/** Nobody is here any more. */
export function forgetPeople(): void {
  who.people = [];
  who.current = undefined;
}
