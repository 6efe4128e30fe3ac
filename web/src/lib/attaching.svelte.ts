// A dependant whose identity is proven and who waits to be attached, until one is logged in. In
// memory alone. Must not know how either is done.
import { api, given } from "./api";
import { beforeLeaving } from "./session.svelte";
import { findPeople } from "./who.svelte";

interface Attaching {
  /** Who waits, by the token that proves it. */
  waiting: { token: string; firstName: string } | undefined;
}

export const attaching = $state<Attaching>({ waiting: undefined });

// Who comes next at this browser is somebody else.
beforeLeaving(() => {
  attaching.waiting = undefined;
});

/** Takes the one who waits in hand, in one's own name. */
export async function attach(): Promise<void> {
  const enrolmentToken = attaching.waiting?.token ?? "";
  const params = { path: { spaceId: "me" } };
  await given(api.POST("/v1/spaces/{spaceId}/dependants", { params, body: { enrolmentToken } }));
  attaching.waiting = undefined;
  await findPeople();
}
