// What one has begun to write in a conversation, kept by the API while one writes: a session that
// ends loses nothing. Must not know the conversation's page.
import { api, given } from "./api";
import { asProblem } from "./problem";

/** After how long without a key it is kept. */
const QUIET_MS = 1_500;

/** A conversation's place. */
interface ThreadPath {
  spaceId: string;
  threadId: string;
}

/** Keeps what is written in one conversation. */
export class DraftKeeper {
  #kept = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #path: ThreadPath;

  constructor(path: ThreadPath) {
    this.#path = path;
  }

  /** What was begun, where something was. */
  async read(): Promise<string> {
    const found = await given(
      api.GET("/v1/spaces/{spaceId}/threads/{threadId}/draft", { params: { path: this.#path } }),
    ).catch((thrown: unknown) => {
      if (asProblem(thrown).kind === "not-found") {
        return undefined;
      }
      throw thrown;
    });
    this.#kept = found?.body ?? "";
    return this.#kept;
  }

  /** Something was typed: kept once it is quiet. Not reached, the text is on the page still. */
  typed(text: () => string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.keep(text()), QUIET_MS);
  }

  /** Keeps it now, or drops it where nothing is left of it. */
  async keep(text: string): Promise<void> {
    clearTimeout(this.#timer);
    const params = { path: this.#path };
    const body = text.trim();
    const kept =
      body === ""
        ? api.DELETE("/v1/spaces/{spaceId}/threads/{threadId}/draft", { params })
        : api.PUT("/v1/spaces/{spaceId}/threads/{threadId}/draft", { params, body: { body } });
    await given(kept as Promise<{ data?: unknown; error?: unknown; response: Response }>).then(
      () => {
        this.#kept = body;
      },
      // Not reached: the text is on the page still, and is kept at the next word.
      () => undefined,
    );
  }

  /** The text was sent: nothing is kept any more. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  /** The page is left: what was typed since is kept. */
  async leave(text: string): Promise<void> {
    this.stop();
    if (text.trim() !== this.#kept) {
      await this.keep(text);
    }
  }
}
