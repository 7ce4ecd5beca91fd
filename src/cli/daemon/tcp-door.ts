import type { RequestListener } from "node:http";
import { isIP } from "node:net";
import type { AddressInfo } from "node:net";
import type { Clock } from "../../core/clock.ts";
import { CliError } from "../cli-error.ts";
import { systemCodeOf, systemReason } from "../system-reason.ts";
import { HttpDoor, listening } from "./http-door.ts";

/** Where to listen. */
export interface TcpDoorOptions {
  readonly host: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly clock: Clock;
}

/** @throws {@link CliError} `PORT_REFUSED` */
export async function openTcpDoor(
  listener: RequestListener,
  { host, port, clock }: TcpDoorOptions,
): Promise<HttpDoor> {
  try {
    const server = await listening(listener, (made) => made.listen(port, host));
    const { port: bound } = server.address() as AddressInfo;
    return new HttpDoor(server, `http://${inUrl(host)}:${bound}`, clock);
  } catch (error) {
    const isTaken = systemCodeOf(error) === "EADDRINUSE";
    throw new CliError(
      "PORT_REFUSED",
      `Port ${port} of ${host} can't be listened on: ${isTaken ? "another program does" : systemReason(error)}.`,
      isTaken ? "Set --port to another one, or 0 for one that is free." : "Set --host and --port.",
      { cause: error },
    );
  }
}

/** An address as a URL has it. */
function inUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}
