import { defineJob } from "../../src/index.ts";
import { createTestScheduler } from "../../src/testing.ts";

const hourly = defineJob({ name: "hourly", run: () => undefined });
const t = await createTestScheduler({ pipelines: [hourly], now: "2027-01-01T00:30Z" });
await t.addJob(hourly, { id: "hourly", trigger: "cron", minute: 0 });
await t.advanceBy("3h");
console.log(`ran ${t.runs("hourly").length}`);
