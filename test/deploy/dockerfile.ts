import { execFileSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
} from "node:fs";
import { join } from "node:path";

/** An instruction with its words: `FROM node:24 AS install`. */
interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** What an image is started with. */
export interface Image {
  /** The folder that stands for the image's `/`. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: number;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
  readonly exposed: number;
}

/** The instructions of a Dockerfile, with continued lines as one. */
function instructionsOf(text: string): Instruction[] {
  return text
    .replaceAll(/^\s*#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, " ")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [name = "", ...rest] = line.split(" ");
      return { name, rest: rest.join(" ") };
    });
}

const words = (text: string): string[] => JSON.parse(text) as string[];

/**
 * Does what `docker build` would, where a folder stands for `/`: stages, copies of what .dockerignore lets through, and the steps of
 * npm. Packages of the system are those of this machine.
 */
export function buildImage(context: string, place: string): Image {
  const stages = new Map<string, string>();
  let root = "";
  let workdir = "/";
  const image = { env: {} as Record<string, string>, user: 0, exposed: 0 };
  const said: Record<string, readonly string[]> = {};
  const allowed = readFileSync(join(context, ".dockerignore"), "utf8").split("\n");
  const at = (path: string): string =>
    join(root, path.startsWith("/") ? path : join(workdir, path));
  for (const { name, rest } of instructionsOf(readFileSync(join(context, "Dockerfile"), "utf8"))) {
    switch (name) {
      case "FROM": {
        const stage = /\bAS (\w+)$/.exec(rest)?.[1] ?? "last";
        root = join(place, stage);
        mkdirSync(root, { recursive: true });
        stages.set(stage, root);
        break;
      }
      case "WORKDIR":
        workdir = rest;
        mkdirSync(at("."), { recursive: true });
        break;
      case "COPY":
        copy(rest, { context, allowed, stages, at });
        break;
      case "RUN":
        if (rest.startsWith("npm "))
          execFileSync("sh", ["-c", `${rest} --prefer-offline --loglevel=error`], { cwd: at(".") });
        else for (const path of foldersMade(rest)) mkdirSync(at(path), { recursive: true });
        break;
      case "ENV":
        for (const [, key = "", value = ""] of rest.matchAll(/(\w+)=(\S+)/g))
          image.env[key] = value;
        break;
      case "USER":
        image.user = Number(rest.split(":")[0]);
        break;
      case "EXPOSE":
        image.exposed = Number(rest);
        break;
      case "HEALTHCHECK":
        said[name] = words(rest.slice(rest.indexOf("CMD ") + 4));
        break;
      case "ENTRYPOINT":
      case "CMD":
        said[name] = words(rest);
        break;
      default:
        throw new Error(`This test does not know ${name}.`);
    }
  }
  const { ENTRYPOINT: entrypoint = [], CMD: command = [], HEALTHCHECK: healthCheck = [] } = said;
  return { root, ...image, entrypoint, command, healthCheck };
}

function copy(
  rest: string,
  {
    context,
    allowed,
    stages,
    at,
  }: {
    readonly context: string;
    readonly allowed: readonly string[];
    readonly stages: ReadonlyMap<string, string>;
    readonly at: (path: string) => string;
  },
): void {
  const stage = /^--from=(\w+) /.exec(rest)?.[1];
  const paths = rest.split(" ").filter((word) => !word.startsWith("--"));
  const target = at(paths.at(-1) ?? "");
  for (const path of paths.slice(0, -1)) {
    if (stage === undefined && !allowed.includes(`!${path}`))
      throw new Error(`.dockerignore keeps ${path} out.`);
    const source = join(stage === undefined ? context : (stages.get(stage) ?? ""), path);
    const isInto = paths.at(-1) === "./" && !lstatSync(source).isDirectory();
    cpSync(source, isInto ? join(target, path) : target, {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

/** Folders that `install --directory` makes. */
function foldersMade(line: string): string[] {
  return [...line.matchAll(/install --directory .*?(\/[\w/.-]+)(?:$| &&)/g)].map(
    ([, path = ""]) => path,
  );
}

/** Takes from everybody the right to write below a folder. */
export function makeReadOnly(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const path = join(folder, name);
    if (!existsSync(path) || lstatSync(path).isSymbolicLink()) continue;
    chmodSync(path, lstatSync(path).mode & 0o555);
  }
  chmodSync(folder, 0o555);
}
