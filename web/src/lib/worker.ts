// Has the browser keep the client's own files. Must not know which.

/** The one address that is a script of ours beside the page's: Trusted Types ask for its name. */
const WORKER = "/sw.js";

interface ScriptPolicy {
  createScriptURL(url: string): string;
}
interface TrustedTypes {
  createPolicy(name: string, rules: ScriptPolicy): ScriptPolicy;
}

/** Registers it, where the browser knows how; the client works without. */
export async function keepClient(): Promise<void> {
  if (!("serviceWorker" in navigator)) {
    return;
  }
  const types = (window as { trustedTypes?: TrustedTypes }).trustedTypes;
  const policy = types?.createPolicy("espace-worker", { createScriptURL: () => WORKER });
  await navigator.serviceWorker.register(policy?.createScriptURL(WORKER) ?? WORKER).catch(() => undefined);
}
