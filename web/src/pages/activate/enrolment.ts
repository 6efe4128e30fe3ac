// What is known of who proved their identity, between the steps. In memory alone. Must not know
// the steps.

/** A proven identity. */
export interface Enrolment {
  /** Shown to the API for half an hour. */
  token: string;
  firstName: string;
  /** `activate`, `oppose`, `reverse`. */
  choices: string[];
  /** Whether someone acts for them. */
  isFor: boolean;
}

/** An address, by its ends. */
export interface Contact {
  contactId: string;
  channel: string;
  hint: string;
  state: string;
}

/** The header that shows it. */
export function shown(enrolment: Enrolment): { authorization: string } {
  return { authorization: `Bearer ${enrolment.token}` };
}
