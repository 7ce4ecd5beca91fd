import type { Clock } from "../../core/clock.ts";
import { bitsOf } from "../../events/event-names.ts";
import { EVENT_ALL, type EventName } from "../../jobs/event.ts";
import type { OpenDocuments } from "../open-documents.ts";
import { EventIds } from "../streams/event-ids.ts";
import { EventMessages } from "../streams/event-messages.ts";
import { EventSource } from "../streams/event-source.ts";
import type { StreamHub } from "../streams/stream-hub.ts";
import type { Handlers } from "./handler.ts";

/** What the routes about what happens need. */
export interface EventHandlersParts {
  readonly open: OpenDocuments;
  readonly clock: Clock;
  readonly hub: StreamHub;
}

/** What the routes about what happens do. */
export function eventHandlers({ open, clock, hub }: EventHandlersParts): Handlers<"followEvents"> {
  const ids = new EventIds(open);
  let messages: EventMessages | undefined;
  return {
    followEvents: ({ query, request, scheduler, caller, again }) =>
      hub.open({ caller, again }, async (on) => {
        const { name, lastEventId, ...filter } = query;
        // Names are the scheduler's to know.
        const mask = name === undefined ? EVENT_ALL : bitsOf(name as EventName[]);
        const last = request.headers.get("last-event-id") ?? lastEventId;
        const sealed = await ids.ready();
        // An id that is none of this fleet is a position that is gone.
        const after = last === undefined ? undefined : (sealed.open(last) ?? "");
        const follower = await scheduler.followEvents({ ...filter, mask }, on, after);
        const position = after !== undefined && after !== "" ? after : follower.cursor;
        if (messages?.ids !== sealed) messages = new EventMessages(sealed);
        const source = new EventSource(clock, messages, follower, position);
        return { source, id: sealed.seal(position) };
      }),
  };
}
