import { setMaxListeners } from "node:events";

/**
 * A controller whose signal any number of listeners may use. Node warns of a leak above ten, and every step and request
 * of a run adds one.
 */
export function manyListeners(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}
