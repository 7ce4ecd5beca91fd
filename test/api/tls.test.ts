// TLS as the documentation shows it: what a server of node:https lets in, and what our clients believe.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect } from "node:tls";
import { request } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../src/api/client/create-client.ts";
import { createApi } from "../../src/api/create-api.ts";
import { toNodeListener } from "../../src/api/edge/node-listener.ts";
import { silentLogger } from "../../src/core/log.ts";
import { PipelineScheduler } from "../../src/scheduler/pipeline-scheduler.ts";
import { type Certificate, makeCertificate } from "../helpers/certificate.ts";

const folder = mkdtempSync(join(tmpdir(), "tls-"));
const scheduler = new PipelineScheduler({ connection: "memory:", logger: silentLogger });
const api = createApi({ scheduler, auth: {}, publicUrl: "https://localhost" });
let files: Certificate;
let server: ReturnType<typeof createServer>;
let port = 0;
let asked = 0;

beforeAll(async () => {
  files = makeCertificate(folder);
  const [key, cert] = [readFileSync(files.keyFile), readFileSync(files.certFile)];
  const listener = toNodeListener(api);
  // Certificates of clients are asked for, and anybody's are taken: they say nothing of who calls.
  const options = { key, cert, requestCert: true, rejectUnauthorized: false };
  server = createServer(options, (incoming, response) => {
    asked += 1;
    void listener(incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await scheduler.shutdown();
  rmSync(folder, { recursive: true });
});

/** What was agreed on, or why not. */
function handshake(options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({
      port,
      host: "127.0.0.1",
      servername: "localhost",
      ca: files.cert,
      ...options,
    });
    socket.on("secureConnect", () => {
      resolve(`${socket.getProtocol() ?? ""} ${socket.getCipher().name}`);
      socket.destroy();
    });
    socket.on("error", (error) => resolve(`refused: ${error.message}`));
  });
}

describe("a server of node:https", () => {
  test("agrees on TLS 1.3 first, and on 1.2 with forward secrecy", async () => {
    expect(await handshake({})).toMatch(/^TLSv1\.3 TLS_AES_256_GCM_SHA384$/);
    expect(await handshake({ maxVersion: "TLSv1.2" })).toMatch(
      /^TLSv1\.2 ECDHE-ECDSA-(?:AES\d+-GCM|CHACHA20)/,
    );
  });

  test.each([
    ["TLS 1.1", { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }],
    ["no encryption", { maxVersion: "TLSv1.2", ciphers: "NULL:@SECLEVEL=0" }],
    ["RC4, 3DES and MD5", { maxVersion: "TLSv1.2", ciphers: "RC4:3DES:MD5:@SECLEVEL=0" }],
    ["a cipher without authentication", { maxVersion: "TLSv1.2", ciphers: "aNULL:@SECLEVEL=0" }],
  ] as const)("refuses %s", async (_, options) => {
    let answer = "refused";
    try {
      answer = await handshake(options);
    } catch {
      // This OpenSSL does not even offer it.
    }
    expect(answer).toMatch(/^refused/);
  });

  test("a client's certificate is no way in", async () => {
    const [key, cert] = [readFileSync(files.keyFile), readFileSync(files.certFile)];
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const options = { port, host: "localhost", path: "/api/jobs", key, cert, ca: files.cert };
      request(options, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
    expect(status).toBe(401);
  });
});

describe("a certificate that nobody vouches for", () => {
  test("is believed by no client of ours, and nothing is sent", async () => {
    const before = asked;
    const client = createClient({ url: `https://localhost:${port}/api`, token: "cdt_x" });
    await expect(client.listJobs()).rejects.toMatchObject({
      cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" },
    });
    expect(asked).toBe(before);
  });

  test("gives no keys of an issuer: its tokens are answered with 503", async () => {
    const before = asked;
    const auth = {
      issuer: {
        jwksUrl: `https://localhost:${port}/keys`,
        issuer: "https://id.example.com",
        audience: "cronduit",
        roles: { admin: ["operators"] },
      },
    };
    const outside = createApi({ scheduler, auth });
    const b64 = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const token = `${b64({ alg: "RS256", typ: "JWT", kid: "1" })}.${b64({ sub: "ana" })}.AAAA`;
    const headers = { authorization: `Bearer ${token}` };
    const answer = await outside.fetch(new Request("http://127.0.0.1/api/jobs", { headers }));
    expect(answer.status).toBe(503);
    expect(asked).toBe(before);
  });
});
