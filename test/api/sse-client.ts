import { get, type IncomingMessage } from "node:http";

/** A message of a stream of server-sent events. */
export interface Message {
  readonly event: string;
  readonly id: string;
  readonly data: unknown;
}

/** How a client asks. */
export interface SseAsk {
  readonly lastEventId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of server-sent events over TCP, as browsers have one: by the rules of the standard, with ids that outlive a message. */
export class SseClient {
  readonly messages: Message[] = [];
  /** What `Last-Event-ID` would be. */
  lastId: string;
  comments = 0;
  retryMs: number | undefined;
  isOver = false;
  /** Hears of each message at once. */
  onMessage: (message: Message) => void = () => undefined;
  readonly #response: IncomingMessage;
  #text = "";

  private constructor(response: IncomingMessage, lastId: string) {
    this.#response = response;
    this.lastId = lastId;
    response.setEncoding("utf8");
    response.on("data", (part: string) => this.#read(part));
    response.on("close", () => (this.isOver = true));
    response.on("error", () => (this.isOver = true));
  }

  /** Connects; resolves once the answer has begun. @throws the status, if it is not 200 */
  static connect(url: string, { lastEventId, headers = {} }: SseAsk = {}): Promise<SseClient> {
    const last = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
    return new Promise((resolve, reject) => {
      const request = get(url, { agent: false, headers: { ...headers, ...last } }, (response) => {
        if (response.statusCode === 200) resolve(new SseClient(response, lastEventId ?? ""));
        else {
          response.resume();
          reject(new Error(String(response.statusCode)));
        }
      });
      request.on("error", reject);
    });
  }

  /** The events of all messages, one by one. */
  get events(): { readonly name: string; readonly jobId?: string; readonly time: string }[] {
    return this.messages.flatMap(({ event, data }) => {
      if (event === "message") return [data as { name: string; time: string }];
      return event === "batch" ? (data as { events: { name: string; time: string }[] }).events : [];
    });
  }

  close(): void {
    this.#response.destroy();
  }

  /** Stops reading, so that the server can't write on. */
  stall(): void {
    this.#response.pause();
  }

  goOn(): void {
    this.#response.resume();
  }

  #read(part: string): void {
    this.#text += part;
    for (let end = this.#text.indexOf("\n\n"); end >= 0; end = this.#text.indexOf("\n\n")) {
      this.#dispatch(this.#text.slice(0, end));
      this.#text = this.#text.slice(end + 2);
    }
  }

  #dispatch(block: string): void {
    let event = "message";
    let data: string | undefined;
    for (const line of block.split("\n")) {
      const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (field === "" && line.startsWith(":")) this.comments += 1;
      else if (field === "id") this.lastId = value;
      else if (field === "event") event = value;
      else if (field === "retry") this.retryMs = Number(value);
      else if (field === "data") data = value;
    }
    if (data === undefined) return;
    const message = { event, id: this.lastId, data: JSON.parse(data) as unknown };
    this.messages.push(message);
    this.onMessage(message);
  }
}
