import { resolve } from "node:path";

/** The folder of an embedded connection; `undefined` for others. */
export function folderOf(connection: string, cwd: string): string | undefined {
  const [, folder] = /^embedded:\/\/(.+)$/is.exec(connection) ?? [];
  return folder === undefined ? undefined : resolve(cwd, folder);
}
