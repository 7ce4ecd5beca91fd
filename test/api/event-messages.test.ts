// Messages that many streams share: nobody gets what somebody else sees.
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { SealedIds } from "../../src/api/streams/event-ids.ts";
import { EventMessages } from "../../src/api/streams/event-messages.ts";
import type { KeptEvent } from "../../src/events/event-ring.ts";
import { toSchedulerEvent } from "../../src/events/scheduler-event.ts";

const ids = new SealedIds(randomBytes(32));
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();
const idOf = (bytes: Uint8Array): string => /^id: (.+)$/m.exec(text(bytes))?.[1] ?? "";

function kept(number: number): KeptEvent {
  const event = toSchedulerEvent({ name: "JOB_REPAIRED", at: number, jobId: `job-${number}` });
  return { event, cursor: String(number), place: String(number), size: 1 };
}

test("an event is written once, and its id is its place", () => {
  const messages = new EventMessages(ids);
  const [one, other] = [kept(1), kept(2)];
  expect(messages.ofOne(one)).toBe(messages.ofOne(one));
  expect(text(messages.ofOne(one))).toContain('"jobId":"job-1"');
  expect(ids.open(idOf(messages.ofOne(other)))).toBe("2");
  expect(idOf(messages.ofMany([one, other]))).toBe(idOf(messages.ofOne(other)));
});

test("several are written once for all who see the same", () => {
  const messages = new EventMessages(ids);
  const [a, b, c, d] = [kept(1), kept(2), kept(3), kept(4)];
  const batch = messages.ofMany([a, b, d]);
  expect(messages.ofMany([a, b, d])).toBe(batch);
  // As many, from the same to the same; what lies between is another's.
  const other = messages.ofMany([a, c, d]);
  expect(text(other)).toContain("job-3");
  expect(text(other)).not.toContain("job-2");
  expect(text(messages.ofMany([a, b]))).not.toContain("job-4");
});

test("no more than the latest are kept", () => {
  const messages = new EventMessages(ids);
  const first = kept(0);
  const bytes = messages.ofOne(first);
  for (let i = 1; i <= 2_000; i += 1) messages.ofOne(kept(i));
  expect(messages.ofOne(first)).not.toBe(bytes);
});
