import { createServer, type RequestListener, type Server } from "node:http";
import { type Clock, within } from "../../core/clock.ts";

/** Requests in progress have this long to end; streams never do by themselves. */
const CLOSE_MS = 1_500;

/** A server that listens somewhere. */
export class HttpDoor {
  /** Where, for people: an URL, or the path of a socket. */
  readonly place: string;
  readonly #server: Server;
  readonly #clock: Clock;
  #closing: Promise<void> | undefined;

  constructor(server: Server, place: string, clock: Clock) {
    this.#server = server;
    this.place = place;
    this.#clock = clock;
  }

  /** Takes no more connections, lets requests in progress end, and cuts what is left. Safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    await within(this.#clock, CLOSE_MS, closed);
    this.#server.closeAllConnections();
    await closed;
  }
}

/**
 * Makes a server that begins to listen.
 * @param begin Calls `listen`.
 * @throws The system's error, as `EADDRINUSE`
 */
export async function listening(
  listener: RequestListener,
  begin: (server: Server) => void,
): Promise<Server> {
  const server = createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("listening", () => {
      server.off("error", reject);
      resolve();
    });
    begin(server);
  });
  return server;
}
