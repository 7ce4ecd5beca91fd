import { z } from "zod";
import { CronduitError } from "../../core/errors.ts";
import { contract } from "../contract.ts";

/** Options of the dashboard. */
export const dashboardOptionsSchema = z.union([
  z.boolean(),
  z.strictObject({
    /** The path that all its pages are below, without a slash at its end; `""`: none. @default the path that the API is in */
    path: z
      .string()
      .max(200)
      .regex(/^(?:\/[\w.~-]+)*$/, 'must be like "/dashboard", or "" for none')
      .optional(),
    /** The folder with its files, for programs that were bundled. @default that of this package */
    files: z.string().min(1).max(4_096).optional(),
  }),
]);

/** Where the dashboard is, and where its files are. */
export interface DashboardPlace {
  readonly path: string;
  /** `undefined`: the folder of this package. */
  readonly files: string | undefined;
}

/**
 * Where the dashboard is to be; `undefined`: nowhere.
 * @throws {@link CronduitError} `INVALID_OPTION` if its pages would hide the API's routes, or the other way round
 */
export function dashboardPlace({
  dashboard,
  basePath,
  only,
}: {
  readonly dashboard: z.output<typeof dashboardOptionsSchema>;
  readonly basePath: string;
  readonly only?: "machines" | undefined;
}): DashboardPlace | undefined {
  if (dashboard === false) return undefined;
  const { path, files } = dashboard === true ? {} : dashboard;
  if (only !== undefined) refuse("dashboard", `has no API to show: "only" is "${only}".`);
  if (path === undefined) {
    if (basePath === "")
      refuse("dashboard.path", 'is missing, and "basePath" is "": say where, as "/dashboard".');
    return { path: basePath.slice(0, basePath.lastIndexOf("/")), files };
  }
  const isBelow = `${path}/`.startsWith(`${basePath}/`);
  if (isBelow && (basePath !== "" || isRoute(path)))
    refuse(
      "dashboard.path",
      `"${path}" is a path of the API, whose routes are below "${basePath}".`,
    );
  return { path, files };
}

/** Whether the API has routes that begin so. */
function isRoute(path: string): boolean {
  const [, first] = path.split("/");
  return (
    first === undefined || Object.values(contract).some((one) => one.path.split("/")[1] === first)
  );
}

function refuse(path: string, what: string): never {
  throw new CronduitError("INVALID_OPTION", `createApi, option "${path}": ${what}`, {
    data: { path },
  });
}
