// Whom a caller says they are, as the API takes it. Must not know what is asked for them.
import { plain } from "../../lib/card";

/** What an agent types while the caller speaks. */
export interface Caller {
  nir: string;
  birthDate: string;
  /** Empty where it cannot be read. */
  cardSerial: string;
  isRepresented: boolean;
  representativeNir: string;
  representativeSerial: string;
}

/** Nobody yet. */
export function nobody(): Caller {
  return { nir: "", birthDate: "", cardSerial: "", isRepresented: false, representativeNir: "", representativeSerial: "" };
}

/** Number, card, and who acts for the person. */
export function identityOf(caller: Caller) {
  const serial = plain(caller.cardSerial);
  const own = { nir: plain(caller.nir), ...(serial && { cardSerial: serial }) };
  if (!caller.isRepresented) {
    return own;
  }
  const representative = plain(caller.representativeSerial);
  return {
    ...own,
    representative: {
      nir: plain(caller.representativeNir),
      ...(representative && { cardSerial: representative }),
    },
  };
}
