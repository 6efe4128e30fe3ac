// Logging in at one's own provider: there and back. Nothing of it is kept here: the secret is in a
// cookie that no script reads. Must not know what is done once one is in.
import { api, given } from "./api";
import type { components } from "./schema";

/** Whose provider. */
export type Provider = components["schemas"]["LoginProvider"];
/** What came back, to be exchanged. */
export type Vouched = components["schemas"]["AuthorizationCompleted"];

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token";

/** Goes to the provider. */
export async function leaveFor(provider: Provider): Promise<void> {
  const { url } = await given(api.POST("/v1/sessions/authorization", { body: { provider } }));
  location.assign(url);
}

/** Comes back with what the address says. */
export function comeBack(provider: Provider, query: URLSearchParams): Promise<Vouched> {
  const body = { provider, code: query.get("code") ?? "", state: query.get("state") ?? "" };
  return given(api.POST("/v1/sessions/authorization/completion", { body }));
}

/** Exchanges what came back for a token of ours, and how many seconds it is good; a professional acts
 * in one of their practices. */
export async function exchange(vouched: Vouched, practice: number): Promise<{ token: string; forS: number }> {
  const body = {
    grant_type: GRANT,
    subject_token: vouched.subjectToken,
    subject_token_type: ID_TOKEN,
    practice,
  };
  const exchanged = await given(
    api.POST("/v1/sessions/exchange", {
      body,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      bodySerializer: (form) => new URLSearchParams(Object.entries(form).map(([name, value]) => [name, String(value)])),
    }),
  );
  return { token: exchanged.access_token, forS: exchanged.expires_in };
}
