/** A message of a stream. */
export interface SseMessage {
  /** `undefined` of a comment, which only moves the position. */
  readonly data: string | undefined;
  readonly type: string;
  readonly id: string | undefined;
}

/**
 * Reads server-sent events as they come.
 * @yields Each message, and each comment as one without data.
 */
export async function* sseMessages(
  response: Response,
  signal: AbortSignal,
): AsyncGenerator<SseMessage> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const stop = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", stop, { once: true });
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) yield messageOf(block);
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

function messageOf(block: string): SseMessage {
  let [type, id]: [string, string | undefined] = ["message", undefined];
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const [, name = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (name === "data") data.push(value);
    else if (name === "event") type = value;
    else if (name === "id") id = value;
  }
  return { type, id, data: data.length === 0 ? undefined : data.join("\n") };
}
