// `cronduit/client`: a typed client of the HTTP API. It loads the contract, and nothing of the scheduler.
export { ApiError } from "./api/client/api-error.ts";
export {
  type AskOf,
  type Client,
  type ClientOptions,
  createClient,
} from "./api/client/create-client.ts";
export { overSocket } from "./api/client/over-socket.ts";
export type { AnswerOf, BodyInputOf, PathNames, QueryInputOf } from "./api/contract/route.ts";
export type { Problem } from "./api/contract/problem-shape.ts";
