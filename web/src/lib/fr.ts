// What is said in French, room by room. Must not know the code.
import { access } from "./fr/access";
import { documents } from "./fr/documents";
import { entry } from "./fr/entry";
import { frame } from "./fr/frame";
import { messages } from "./fr/messages";
import { people } from "./fr/people";
import { professional } from "./fr/professional";
import { settings } from "./fr/settings";
import { support } from "./fr/support";

export const fr = {
  ...frame,
  ...entry,
  ...documents,
  ...access,
  ...messages,
  ...settings,
  ...people,
  ...professional,
  ...support,
} as const;
