// Passkeys in the browser (WebAuthn level 3): what the API gives and takes is in base64url. Must
// not know what a passkey opens.
import { Problem } from "./problem";
import { t } from "./texts";

/** What the API asks of a passkey. */
export interface PasskeyRequest {
  challenge: string;
  rpId: string;
  allowCredentials: { type: "public-key"; id: string }[];
  userVerification: UserVerificationRequirement;
}

/** What a passkey answers, as the API takes it. */
export interface PasskeyAnswer {
  credentialId: string;
  clientData: string;
  authenticatorData: string;
  signature: string;
}

/** What a new passkey is made of, as the API gives it. */
interface PasskeyMaking {
  rp: PublicKeyCredentialRpEntity;
  user: { id: string; name: string; displayName: string };
  challenge: string;
  pubKeyCredParams: PublicKeyCredentialParameters[];
  excludeCredentials: { type: "public-key"; id: string }[];
  authenticatorSelection: AuthenticatorSelectionCriteria;
  attestation: AttestationConveyancePreference;
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

function text(of: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(of), (one) => String.fromCharCode(one)).join("");
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Given up by the person, or by their device: said as a problem, since nothing else says it. */
function given<T>(found: Promise<Credential | null>): Promise<T> {
  const refused = () => new Problem("passkey-left", t("passkey.left"), t("passkey.left.text"));
  return found.then(
    (credential) => {
      if (credential === null) {
        throw refused();
      }
      return credential as T;
    },
    () => {
      throw refused();
    },
  );
}

/** Has a passkey answer. */
export async function answerOf(request: PasskeyRequest): Promise<PasskeyAnswer> {
  const publicKey: PublicKeyCredentialRequestOptions = {
    rpId: request.rpId,
    challenge: bytes(request.challenge),
    userVerification: request.userVerification,
    allowCredentials: request.allowCredentials.map((one) => ({ type: one.type, id: bytes(one.id) })),
  };
  const found = await given<PublicKeyCredential>(navigator.credentials.get({ publicKey }));
  const response = found.response as AuthenticatorAssertionResponse;
  return {
    credentialId: text(found.rawId),
    clientData: text(response.clientDataJSON),
    authenticatorData: text(response.authenticatorData),
    signature: text(response.signature),
  };
}

/** Makes a passkey. */
export async function made(options: object): Promise<{ clientData: string; attestationObject: string }> {
  const asked = options as PasskeyMaking;
  const publicKey: PublicKeyCredentialCreationOptions = {
    ...asked,
    challenge: bytes(asked.challenge),
    user: { ...asked.user, id: bytes(asked.user.id) },
    excludeCredentials: asked.excludeCredentials.map((one) => ({ type: one.type, id: bytes(one.id) })),
  };
  const found = await given<PublicKeyCredential>(navigator.credentials.create({ publicKey }));
  const response = found.response as AuthenticatorAttestationResponse;
  return { clientData: text(response.clientDataJSON), attestationObject: text(response.attestationObject) };
}
