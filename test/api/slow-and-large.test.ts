// Who sends slowly, or without end, through the listener that the documentation shows: the connection ends, and the memory stays.
import { createServer, type ServerOptions, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { createApi } from "../../src/api/create-api.ts";
import { toNodeListener } from "../../src/api/edge/node-listener.ts";
import { silentLogger } from "../../src/core/log.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";

const faults: unknown[] = [];
const scheduler = new PipelineScheduler({
  connection: "memory:",
  logger: { ...silentLogger, error: (...fault) => void faults.push(fault) },
});
const api = createApi({ scheduler, auth: {} });
/** Tells of each answer, also where a connection is gone before it. */
const listener = toNodeListener(api);
const asLocal = toNodeListener(api.as({ kind: "cli", id: "ana" }));
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
afterAll(() => scheduler.shutdown());

async function serve(options: ServerOptions, listen = listener): Promise<number> {
  const server = createServer(options, (request, response) => void listen(request, response));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

/** Sends, and waits for the end of the connection. @returns what was answered */
function send(
  port: number,
  head: string,
  more: (socket: Socket) => void,
  onAnswer: () => void = () => undefined,
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.setEncoding("utf8").on("data", (part: string) => (answer += part));
    socket.once("data", onAnswer);
    // Whoever sends on to a closed connection is told so.
    socket.on("error", () => undefined).on("close", () => resolve(answer));
    socket.write(head);
    more(socket);
  });
}

const HOST = "Host: 127.0.0.1\r\n";
const POST = `POST /api/session HTTP/1.1\r\n${HOST}`;
const JSON_TYPE = "Content-Type: application/json\r\n";

describe("who sends slowly", () => {
  /** As the defaults, in a hundredth of the time. */
  const SHORT = { headersTimeout: 600, requestTimeout: 1_200, connectionsCheckingInterval: 50 };

  test.each([
    ["headers", `GET /api/health/live HTTP/1.1\r\n${HOST}`, "X-More: 1\r\n", ""],
    ["nothing", "", "", ""],
    ["a body", `${POST}${JSON_TYPE}Content-Length: 100000\r\n\r\n`, " ", ""],
    ["chunks", `${POST}${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n`, "1\r\n \r\n", ""],
    [
      "a body to GET",
      `GET /api/health/live HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\n`,
      " ",
      "200",
    ],
    ["what is too large", `${POST}${JSON_TYPE}Content-Length: 104857600\r\n\r\n`, " ", "413"],
    [
      "a body of another type",
      `${POST}Content-Type: text/plain\r\nContent-Length: 9999\r\n\r\n`,
      " ",
      "400",
    ],
  ])("%s is ended", async (_, head, drop, status) => {
    const port = await serve(SHORT);
    let timer: NodeJS.Timeout | undefined;
    const answer = await send(port, head, (socket) => {
      timer = setInterval(() => void (drop !== "" && socket.write(drop)), 20);
    });
    clearInterval(timer);
    expect(answer).toContain(`HTTP/1.1 ${status === "" ? "408" : status}`);
  });

  test("by defaults that the documentation names", () => {
    const server = createServer(() => undefined);
    const { headersTimeout, requestTimeout, keepAliveTimeout } = server;
    expect({ headersTimeout, requestTimeout, keepAliveTimeout }).toEqual({
      headersTimeout: 60_000,
      requestTimeout: 300_000,
      keepAliveTimeout: 5_000,
    });
  });

  test("many of them hold no memory, and others are answered", async () => {
    const port = await serve({ ...SHORT, headersTimeout: 5_000, requestTimeout: 5_000 });
    const before = process.memoryUsage().rss;
    const timers: NodeJS.Timeout[] = [];
    const slow = Array.from({ length: 300 }, () =>
      send(port, `${POST}${JSON_TYPE}Content-Length: 900000\r\n\r\n`, (socket) => {
        timers.push(setInterval(() => void socket.write(" "), 100));
      }),
    );
    const answer = await fetch(`http://127.0.0.1:${port}/api/health/live`);
    expect(answer.status).toBe(200);
    await answer.text();
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
    await Promise.all(slow);
    for (const timer of timers) clearInterval(timer);
  });
});

describe("100 MB", () => {
  const MB = Buffer.alloc(1 << 20, "a");
  const SIZE = 100 * MB.length;
  const chunk = (body: Buffer) => [
    Buffer.from(`${body.length.toString(16)}\r\n`),
    body,
    Buffer.from("\r\n"),
  ];
  const packed = gzipSync(Buffer.alloc(SIZE, " "));
  let peak = 0;
  let sent = 0;

  /** Sends as fast as it is taken. */
  function pour(socket: Socket, frame: (body: Buffer) => Buffer[], least: number): void {
    let mine = 0;
    const go = (): void => {
      while (mine < 100 && !socket.destroyed) {
        mine += 1;
        sent += 1;
        peak = Math.max(peak, process.memoryUsage().rss - least);
        let isTaken = true;
        for (const part of frame(MB)) isTaken = socket.write(part);
        if (!isTaken) return void socket.once("drain", go);
      }
    };
    go();
  }

  test.each([
    ["with Content-Length", `${JSON_TYPE}Content-Length: ${SIZE}`, "413", (body: Buffer) => [body]],
    ["in chunks", `${JSON_TYPE}Transfer-Encoding: chunked`, "413", chunk],
    [
      "in chunks that say to be packed",
      `${JSON_TYPE}Content-Encoding: gzip\r\nTransfer-Encoding: chunked`,
      "400",
      chunk,
    ],
    ["in chunks of another type", "Transfer-Encoding: chunked", "400", chunk],
    [
      "with both, which is one too many",
      `${JSON_TYPE}Content-Length: 5\r\nTransfer-Encoding: chunked`,
      "400",
      chunk,
    ],
  ] as const)("%s is refused before its end", async (_, headers, status, frame) => {
    for (const listen of [listener, asLocal]) {
      const port = await serve({}, listen);
      const before = process.memoryUsage().rss;
      peak = 0;
      sent = 0;
      const head = `${POST}${headers}\r\n\r\n`;
      const sentByThen: number[] = [];
      const all = await Promise.all(
        Array.from({ length: 5 }, () =>
          send(
            port,
            head,
            (socket) => pour(socket, frame, before),
            () => sentByThen.push(sent),
          ),
        ),
      );
      for (const answer of all) expect(answer).toContain(`HTTP/1.1 ${status}`);
      // Of 500, with what lies in the sockets' buffers; what comes after the answer is let go by for a moment.
      expect(sentByThen).toHaveLength(5);
      expect(Math.min(...sentByThen)).toBeLessThan(250);
      expect(peak).toBeLessThan(200_000_000);
    }
  });

  test.each([
    ["a route that takes no body", "GET /api/health/live", "200"],
    ["a route that needs a credential", "POST /api/jobs", "401"],
  ])("to %s are let go by", async (_, line, status) => {
    const port = await serve({});
    const before = process.memoryUsage().rss;
    peak = 0;
    const head = `${line} HTTP/1.1\r\n${HOST}${JSON_TYPE}Content-Length: ${SIZE}\r\nConnection: close\r\n\r\n`;
    const answer = await send(port, head, (socket) => pour(socket, (body) => [body], before));
    expect(answer).toContain(`HTTP/1.1 ${status}`);
    expect(peak).toBeLessThan(200_000_000);
  });

  test("packed into few bytes is not unpacked", async () => {
    const port = await serve({});
    const before = process.memoryUsage().rss;
    const answer = await fetch(`http://127.0.0.1:${port}/api/session`, {
      method: "POST",
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      body: packed,
    });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      expect.objectContaining({ message: expect.stringContaining('"gzip"') as string }),
    ]);
    expect(process.memoryUsage().rss - before).toBeLessThan(80_000_000);
  });

  test("of headers are refused, too", async () => {
    const port = await serve({});
    const answer = await send(port, `GET /api/jobs HTTP/1.1\r\n${HOST}`, (socket) => {
      for (let i = 0; i < 100; i += 1) socket.write(`X-${i}: ${"a".repeat(1_000)}\r\n`);
    });
    expect(answer).toContain("HTTP/1.1 431");
  });
});

test("none of it was a fault of this side", () => {
  expect(faults).toEqual([]);
});
