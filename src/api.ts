// `cronduit/api`: the HTTP API of a fleet.
import "./core/bundled-require.ts";
export { CronduitError } from "./core/errors.ts";
export type { ApiOptions } from "./api/api-options.ts";
export { type BreachedPasswords, breachedPasswordsIn } from "./api/accounts/breached-passwords.ts";
export type { SetupToken } from "./api/accounts/set-up.ts";
export type { SignInToken } from "./api/accounts/sign-in-links.ts";
export type { Peer } from "./api/caller.ts";
export { type Contract, contract, type RouteName } from "./api/contract.ts";
export type { Access, Method, Route } from "./api/contract/route.ts";
export type { Problem } from "./api/contract/problem-shape.ts";
export { type Api, createApi } from "./api/create-api.ts";
export { toNodeListener } from "./api/edge/node-listener.ts";
