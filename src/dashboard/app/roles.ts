import type { Who } from "./session.tsx";

/** What somebody may do: each role may more than the one before it. */
export const ROLES: readonly Who["role"][] = ["viewer", "editor", "admin"];

/** The role that was chosen in a form; the least if none was. */
export function roleIn(form: FormData): Who["role"] {
  return ROLES.find((one) => one === form.get("role")) ?? "viewer";
}
