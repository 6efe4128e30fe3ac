// What went wrong, as a person is told it. Must not know which request it was.
import { t } from "./texts";

/** What is wrong with one field. */
export interface FieldFault {
  /** Where in the body: `/nir`. */
  pointer: string;
  /** What to say, in French. */
  detail: string;
}

/** A refusal of the API, or that it was not reached. */
export class Problem extends Error {
  constructor(
    /** The name of the problem: `identity-not-recognised`, `offline`. */
    readonly kind: string,
    readonly title: string,
    readonly detail: string,
    readonly faults: FieldFault[] = [],
    /** What else the answer said. */
    readonly more: Record<string, unknown> = {},
  ) {
    super(kind);
  }

  /** What is wrong with a field. */
  of(pointer: string): string | undefined {
    return this.faults.find((fault) => fault.pointer === pointer)?.detail;
  }
}

/** Statuses of a refusal that is none of what was asked: it may well be taken the next time. */
const PASSING = [401, 408, 429];

/** Whether what was asked is refused as it is: asked again, it is refused again. */
export function isRefusal(problem: Problem): boolean {
  const status = Number(problem.more["status"] ?? 0);
  return status >= 400 && status < 500 && !PASSING.includes(status) && problem.kind !== "gateway";
}

/** The API was not reached. */
export function offline(): Problem {
  return new Problem("offline", t("problem.offline"), t("problem.offline.detail"));
}

/** A problem document; anything else is told as a fault of ours. */
export function problemOf(body: unknown): Problem {
  if (typeof body === "object" && body !== null && "type" in body) {
    const said = body as Record<string, unknown>;
    const kind = String(said["type"]).split(":").pop() ?? "";
    const faults = Array.isArray(said["errors"]) ? (said["errors"] as FieldFault[]) : [];
    return new Problem(kind, String(said["title"]), String(said["detail"]), faults, said);
  }
  return new Problem("internal", t("problem.internal"), t("problem.internal.detail"));
}

/** What was thrown, as a problem. */
export function asProblem(thrown: unknown): Problem {
  return thrown instanceof Problem ? thrown : problemOf(undefined);
}
