import { CalledProgram, type Leaving } from "../measure/called-program.ts";
import type { Calls } from "./side-program.ts";
import type { Place } from "./side.ts";

/** One side in a process of its own. */
export type SideProcess = CalledProgram<Calls & Leaving>;

/** @param profile - A folder to which it writes where its processor time went. */
export function startSide(place: Place, profile?: string): Promise<SideProcess> {
  return CalledProgram.start("test/bench/sides/side-program.ts", { place, profile });
}
