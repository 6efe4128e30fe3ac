// One act under way: whether it runs, what went wrong, what to say once it is done. Must not know
// the act.
import { asProblem, type Problem } from "./problem";
import type { Key } from "./texts";

/** An act of a page. */
export class Attempt {
  busy = $state(false);
  problem = $state<Problem>();
  said = $state<Key>();

  /** As if nothing had been tried: what it says is of another time. */
  reset(): void {
    [this.problem, this.said] = [undefined, undefined];
  }

  /** Does it; `done` is said where it succeeds. */
  async run(what: () => Promise<void>, done?: Key): Promise<void> {
    this.busy = true;
    this.problem = undefined;
    this.said = undefined;
    try {
      await what();
      this.said = done;
    } catch (thrown) {
      this.problem = asProblem(thrown);
    } finally {
      this.busy = false;
    }
  }
}
