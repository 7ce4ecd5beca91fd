import type { Client } from "../../api/client/create-client.ts";

/** A fleet that was reached. */
export interface Reached {
  readonly client: Client;
  /** How: with the same answers each time. */
  readonly by: "url" | "socket" | "process";
  /** Where it is, as people are told it; without passwords. */
  readonly place: string;
  close(): Promise<void>;
}
