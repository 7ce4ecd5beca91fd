import { setMaxListeners } from "node:events";

/**
 * A controller whose signal any number may listen to: Node warns of a leak from eleven listeners on, and each step and
 * each request of a run is one.
 */
export function manyListeners(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
