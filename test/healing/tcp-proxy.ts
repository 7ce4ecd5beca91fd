import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/**
 * What a proxy does with its connections. `cut`: closes them and every new one. `hole`: accepts bytes and new
 * connections but forwards nothing, like a network that drops packets; those connections stay silent afterwards.
 */
export type ProxyMode = "pass" | "cut" | "hole";

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  isLost: boolean;
}

/** Stands between the program under test and a Redis server, to break their connection. */
export class TcpProxy implements AsyncDisposable {
  readonly #target: number;
  readonly #listener: Server;
  readonly #links = new Set<Link>();
  #mode: ProxyMode = "pass";

  private constructor(target: number) {
    this.#target = target;
    this.#listener = createServer((client) => this.#accept(client));
  }

  static async start(targetUrl: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(Number(new URL(targetUrl).port));
    proxy.#listener.listen(0, "127.0.0.1");
    await once(proxy.#listener, "listening");
    return proxy;
  }

  get port(): number {
    const address = this.#listener.address();
    if (typeof address !== "object" || address === null) throw new Error("the proxy was closed");
    return address.port;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** How many connections go through it. */
  get connections(): number {
    return this.#links.size;
  }

  set(mode: ProxyMode): void {
    this.#mode = mode;
    for (const link of this.#links) {
      if (mode === "cut") this.#end(link);
      if (mode === "hole") link.isLost = true;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.#links) this.#end(link);
    this.#listener.close();
    await once(this.#listener, "close");
  }

  #accept(client: Socket): void {
    if (this.#mode === "cut") {
      client.on("error", () => undefined);
      client.destroy();
      return;
    }
    const link: Link = {
      client,
      server: connect(this.#target, "127.0.0.1"),
      isLost: this.#mode === "hole",
    };
    this.#links.add(link);
    const { server } = link;
    client.on("data", (bytes) => link.isLost || server.write(bytes));
    server.on("data", (bytes) => link.isLost || client.write(bytes));
    for (const socket of [client, server]) {
      socket.on("error", () => undefined);
      socket.on("close", () => this.#end(link));
    }
  }

  #end(link: Link): void {
    this.#links.delete(link);
    link.client.destroy();
    link.server.destroy();
  }
}
