// What an act carries of a second factor: an application's code is shown first, and gives the
// digits that the act carries. Must not know the act.
import { api, given } from "./api";

/** What an act carries. */
export interface Factor {
  challengeId: string;
  otp: string;
}

/** The factor as an act takes it. */
export async function factorOf(challengeId: string, typed: string, isApplication: boolean): Promise<Factor> {
  const otp = typed.replace(/\s/g, "");
  if (!isApplication) {
    return { challengeId, otp };
  }
  const params = { path: { id: challengeId } };
  return given(api.POST("/v1/sessions/current/step-up/{id}/proof", { params, body: { otp } }));
}
