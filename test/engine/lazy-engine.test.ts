import { expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { lineLogger } from "../../src/core/log.ts";
import { makeEngine } from "../../src/engine/open-engine.ts";

test.each(["redis://127.0.0.1:1", "postgres://127.0.0.1:1/none", "memory:"])(
  "an engine that was closed before it was opened stays closed: %s",
  async (connection) => {
    const logger = lineLogger("error");
    const engine = makeEngine({
      connection,
      prefix: "lazy",
      clock: systemClock,
      logger,
      timeoutMs: 500,
    });
    expect(() => engine.jobs.count()).toThrow(expect.objectContaining({ code: "INVALID_STATE" }));
    await engine.close();
    await engine.close();
    expect(await engine.health()).toMatchObject({ ok: false });
    await expect(engine.open()).rejects.toMatchObject({ code: "INVALID_STATE" });
  },
);
