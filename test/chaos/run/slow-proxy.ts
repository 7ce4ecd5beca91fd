import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** A network between the fleet and its server that can be slowed down or cut. */
export class SlowProxy implements AsyncDisposable {
  readonly #target: number;
  readonly #listener: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  #delayMs = 0;
  /** How many packets were delayed and how many connections cut: evidence of a fault. */
  delayed = 0;
  cut = 0;

  private constructor(target: number) {
    this.#target = target;
    this.#listener = createServer((client) => this.#accept(client));
  }

  static async start(target: number): Promise<SlowProxy> {
    const proxy = new SlowProxy(target);
    proxy.#listener.listen(0, "127.0.0.1");
    await once(proxy.#listener, "listening");
    return proxy;
  }

  get port(): number {
    const address = this.#listener.address();
    if (typeof address !== "object" || address === null) throw new Error("The proxy was closed");
    return address.port;
  }

  /** Delays every packet, in both directions. */
  set delayMs(ms: number) {
    this.#delayMs = ms;
  }

  /** Cuts all connections, and every new one until it is restored. */
  set isCut(isCut: boolean) {
    this.#isCut = isCut;
    if (!isCut) return;
    this.cut += this.#sockets.size;
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#listener.close();
    await once(this.#listener, "close");
  }

  #accept(client: Socket): void {
    client.on("error", () => undefined);
    if (this.#isCut) {
      this.cut += 1;
      client.destroy();
      return;
    }
    const server = connect(this.#target, "127.0.0.1");
    server.on("error", () => undefined);
    client.setNoDelay(true);
    server.setNoDelay(true);
    this.#forward(client, server);
    this.#forward(server, client);
  }

  #forward(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    const held: Buffer[] = [];
    let freeAt = 0;
    from.on("data", (bytes) => {
      const now = performance.now();
      // Nothing overtakes packets still delayed, even after the delay has ended.
      freeAt = Math.max(freeAt, now + this.#delayMs);
      if (freeAt <= now && held.length === 0) {
        to.write(bytes);
        return;
      }
      this.delayed += 1;
      held.push(bytes);
      // Timers are truncated to whole milliseconds and may swap; bytes must not, so each timer sends the oldest.
      setTimeout(() => {
        const oldest = held.shift();
        if (oldest && !to.destroyed) to.write(oldest);
      }, freeAt - now);
    });
    from.on("close", () => {
      this.#sockets.delete(from);
      // Data sent before the end still arrives.
      setTimeout(() => to.destroy(), Math.max(0, freeAt - performance.now()) + 2);
    });
  }
}
