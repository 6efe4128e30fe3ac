// A fresh second factor for one act: a code by message, an application's, or a passkey. The two
// last are shown first, and give the digits that the act carries. Must not know the act.
import { api, given } from "./api";
import { answerOf, type PasskeyRequest } from "./passkey";
import type { components } from "./schema";

/** What an act carries. */
export interface Factor {
  challengeId: string;
  otp: string;
}

/** For what a factor is asked. */
export type Purpose = "closure" | "reopening" | "export" | "contacts" | "factors";
/** How it is given. */
type Way = "passkey" | "application" | "message";

/** One factor, from its asking to its giving. */
export class Step {
  #begun = $state.raw<components["schemas"]["Begun"]>();
  /** What was shown already, and serves until the act is done: digits of an application serve once. */
  #proven: Factor | undefined;
  way = $state<Way>("message");
  otp = $state("");

  /** Whether it was asked for. */
  get isBegun(): boolean {
    return this.#begun !== undefined;
  }

  /** Whether an application would do instead of the passkey. */
  get mayUseApplication(): boolean {
    return this.way === "passkey" && this.#begun?.channels.includes("totp") === true;
  }

  /** Asks for it. */
  async begin(purpose: Purpose): Promise<void> {
    const begun = await given(api.POST("/v1/sessions/current/step-up", { body: { purpose } }));
    this.#proven = undefined;
    const has = (way: string) => begun.channels.includes(way);
    this.way = has("passkey") ? "passkey" : has("totp") ? "application" : "message";
    this.#begun = begun;
  }

  /** The factor as an act takes it. */
  async factor(): Promise<Factor> {
    const challengeId = this.#begun?.challengeId ?? "";
    const otp = this.otp.replace(/\s/g, "");
    if (this.#proven) {
      return this.#proven;
    }
    if (this.way === "message") {
      return { challengeId, otp };
    }
    const params = { path: { id: challengeId } };
    const passkey = this.way === "passkey" ? await answerOf(this.#begun?.publicKey as unknown as PasskeyRequest) : undefined;
    const body = passkey ? { passkey } : { otp };
    this.#proven = await given(api.POST("/v1/sessions/current/step-up/{id}/proof", { params, body }));
    return this.#proven;
  }
}
