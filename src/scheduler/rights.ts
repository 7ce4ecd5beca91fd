import { z } from "zod";
import { CronduitError } from "../core/errors.ts";
import { notAllowed } from "../engine/scoped/access.ts";
import { ACTOR_KINDS, type Actor, actorIdSchema, actorSchema } from "../jobs/actor.ts";
import { ownerSchema } from "../jobs/owner.ts";
import { parseOptions } from "../jobs/options.ts";
import { MAX_REASON, plainTextSchema } from "../jobs/plain-text.ts";
import type { Scope } from "../jobs/scope.ts";
import type { PipelineDescriptor } from "../pipeline/pipeline-definition.ts";

/** What a person may do: read, change what is theirs, or everything. */
export type Role = "viewer" | "editor" | "admin";

/** Somebody whose rights are limited: a user of the HTTP API, or who holds one of its tokens. */
export interface LimitedActor {
  readonly kind: "user" | "token";
  /** Names the user or the token; 1 to 128 characters. */
  readonly id: string;
  /** `viewer` reads; `editor` also changes; `admin` may do everything, whoever owns it. */
  readonly role: Role;
  /** The owners whose jobs these are: the user, and teams. At least one, unless the role is `admin`. */
  readonly owners?: readonly string[];
  /** `own`: what belongs to others does not exist. `all`: it may be read. @default "own" */
  readonly visibility?: "own" | "all";
  /**
   * Whether it may also create, change, override and backfill jobs whose params can execute code
   * (`Pipeline.executesCode`), and run them with other params; administrators may not without it either. @default false
   */
  readonly commands?: boolean;
}

/** Somebody with all rights: a program, a job file, a person at the command line. */
export interface TrustedActor {
  readonly kind: "code" | "file" | "cli";
  /** Names the program, the file or the person; 1 to 128 characters. */
  readonly id: string;
}

/** Characters of a job's id, and of a group's key. */
const MAX_NAME = 128;

const limitedSchema = z
  .strictObject({
    kind: z.enum(["user", "token"]),
    id: actorIdSchema,
    role: z.enum(["viewer", "editor", "admin"]),
    owners: z.array(ownerSchema).max(1_000).default([]),
    visibility: z.enum(["own", "all"]).default("own"),
    commands: z.boolean().default(false),
  })
  .refine(({ role, owners }) => role === "admin" || owners.length > 0, {
    path: ["owners"],
    message: "needs at least one owner, unless the role is admin",
  });
const trustedSchema = z.strictObject({ kind: z.enum(["code", "file", "cli"]), id: actorIdSchema });
const kindSchema = z.looseObject({ kind: z.enum(ACTOR_KINDS).exclude(["system"]) });
const noteSchema = plainTextSchema(1, MAX_REASON).optional();

/** Who acts, and what they may see and change. */
export class Rights {
  readonly by: Actor;
  readonly sees: Scope;
  readonly changes: Scope;
  readonly #commands: boolean;

  /** @param commands Whether jobs whose params can execute code may be changed. */
  constructor(by: Actor, sees: Scope = "all", changes: Scope = "all", commands = true) {
    this.by = by;
    this.sees = sees;
    this.changes = changes;
    this.#commands = commands;
  }

  /** Reads the arguments of `as`. @throws {@link CronduitError} `INVALID_OPTION` */
  static of(actor: unknown, note: unknown): Rights {
    const { kind } = parseOptions(kindSchema, actor, "as");
    const why = parseOptions(noteSchema, note, "as, note");
    const noted = why === undefined ? {} : { note: why };
    if (kind !== "user" && kind !== "token") {
      const { id } = parseOptions(trustedSchema, actor, "as");
      return new Rights({ kind, id, ...noted });
    }
    const { id, role, owners, visibility, commands } = parseOptions(limitedSchema, actor, "as");
    const by = actorSchema.parse({ kind, id, ...noted });
    if (role === "admin") return new Rights(by, "all", "all", commands);
    const sees = visibility === "all" ? "all" : owners;
    return new Rights(by, sees, role === "editor" ? owners : [], commands);
  }

  /** Whether everything may be seen and changed. */
  get isWhole(): boolean {
    return this.sees === "all" && this.changes === "all";
  }

  /** Whether only the things of some owners may be changed. */
  get isLimited(): boolean {
    return this.changes !== "all";
  }

  /** @throws {@link CronduitError} `NOT_ALLOWED` unless everything may be changed. */
  requireWhole(what: string): void {
    if (this.changes !== "all") throw notAllowed(what);
  }

  /**
   * @param pipeline As it is registered here; one that isn't can't be given params here either.
   * @throws {@link CronduitError} `NOT_ALLOWED` for a pipeline whose params can execute code, if this actor may not use it.
   */
  requireCommands(
    pipeline: Pick<PipelineDescriptor, "name" | "executesCode"> | undefined,
    where: string,
  ): void {
    if (this.#commands || !pipeline?.executesCode) return;
    const { name } = pipeline;
    throw new CronduitError(
      "NOT_ALLOWED",
      `${where}: the params of pipeline "${name}" can execute code, so only those whom allowCommands names may do that.`,
      { data: { pipelineName: name } },
    );
  }

  /** Through what this actor declares jobs; `undefined` for code. */
  get source(): string | undefined {
    const { kind, id } = this.by;
    if (kind === "code" || kind === "system") return undefined;
    return kind === "file" ? `file:${id}` : "api";
  }

  /**
   * The owner of a job to be added.
   * @param given As written; absent, it is the only owner that this actor acts for.
   * @throws {@link CronduitError} `INVALID_OPTION` if it acts for several; `NOT_ALLOWED`.
   */
  ownerFor(given: string | null | undefined, where: string): string | undefined {
    const { changes } = this;
    if (changes === "all") return given ?? undefined;
    const owner = given ?? (changes.length === 1 ? changes[0] : undefined);
    if (owner === undefined && changes.length > 1)
      throw new CronduitError(
        "INVALID_OPTION",
        `${where}, option "owner": is missing, and you act for several: ${changes.join(", ")}.`,
        { data: { path: "owner" } },
      );
    if (owner === undefined || !changes.includes(owner)) {
      const what = owner === undefined ? "change a job" : `make a job of owner "${owner}"`;
      throw notAllowed(`${what} (${where})`);
    }
    return owner;
  }

  /**
   * An id or a group's key as this actor may give it: with limited rights it begins with its owner, so that it tells
   * nothing about those of others.
   * @throws {@link CronduitError} `INVALID_OPTION` if it is too long then.
   */
  nameFor(owner: string | undefined, name: string): string {
    if (this.changes === "all" || owner === undefined || name.startsWith(`${owner}/`)) return name;
    const whole = `${owner}/${name}`;
    if (whole.length <= MAX_NAME) return whole;
    throw new CronduitError(
      "INVALID_OPTION",
      `"${whole}" is too long: with the owner before it, a name may have ${MAX_NAME} characters, and this has ${whole.length}.`,
      { data: { path: "id" } },
    );
  }
}
