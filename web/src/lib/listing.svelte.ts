// A list that comes page by page. What was asked for last is what is shown, whatever comes when.
// Must not know what it lists.
import { asProblem, type Problem } from "./problem";

/** A page of a list, and by what the next one is asked for. */
export interface ListPage<T> {
  items: T[];
  next?: string | null;
}

/** Pages that are passed by themselves while a search has found nothing: the next may hold it. */
const EMPTY_PAGES_MAX = 10;

/** A list of a page. */
export class Listing<T> {
  items = $state<T[]>();
  next = $state<string>();
  problem = $state<Problem>();
  busy = $state(false);
  #turn = 0;
  /** From where it was read last. */
  #asked: string | undefined;
  readonly #ask: (cursor: string | undefined) => Promise<ListPage<T>>;
  readonly #idOf: (item: T) => string;

  constructor(ask: (cursor: string | undefined) => Promise<ListPage<T>>, idOf: (item: T) => string) {
    this.#ask = ask;
    this.#idOf = idOf;
  }

  /** Whether it is known that there is nothing in it. */
  get isEmpty(): boolean {
    return this.items?.length === 0 && this.next === undefined;
  }

  /** From the beginning; what is there stays until its like is there anew. */
  load(): Promise<void> {
    return this.#read(undefined);
  }

  /** Something else was asked for: what is there is no answer to it. */
  loadOther(): Promise<void> {
    [this.items, this.next] = [undefined, undefined];
    return this.#read(undefined);
  }

  /** What did not come is asked for again. */
  retry(): Promise<void> {
    return this.#read(this.#asked);
  }

  /** Goes on; pressed twice, it goes on once. */
  async more(): Promise<void> {
    if (!this.busy && this.next !== undefined) {
      await this.#read(this.next);
    }
  }

  async #read(from: string | undefined): Promise<void> {
    this.#turn += 1;
    const mine = this.#turn;
    this.#asked = from;
    this.busy = true;
    try {
      let found = await this.#ask(from);
      for (let pages = 1; found.items.length === 0 && found.next && pages < EMPTY_PAGES_MAX; pages += 1) {
        found = await this.#ask(found.next);
      }
      if (mine !== this.#turn) {
        // Something else was asked for meanwhile.
        return;
      }
      // A list that grows as it is read gives the same twice.
      const all = [...(from === undefined ? [] : (this.items ?? [])), ...found.items];
      this.items = [...new Map(all.map((item) => [this.#idOf(item), item])).values()];
      this.next = found.next ?? undefined;
      this.problem = undefined;
    } catch (thrown) {
      if (mine === this.#turn) {
        this.problem = asProblem(thrown);
      }
    } finally {
      if (mine === this.#turn) {
        this.busy = false;
      }
    }
  }
}
