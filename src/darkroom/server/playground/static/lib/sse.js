// @ts-check
// Reads server-sent events from a fetch body: EventSource can send no headers, and tells no status.

/**
 * Yields each event when its blank line has come. Chunks may end anywhere: inside a character, a
 * line, or a CRLF. Pieces of a long line are kept apart until it ends, because one line can hold
 * a whole image. `heard` is called for every chunk, also for the comments that keep a line alive.
 * @param {ReadableStream<Uint8Array>} body
 * @param {() => void} [heard]
 * @returns {AsyncGenerator<{ event: string, data: string, id: string }>} `id`: the last one sent
 */
export async function* events(body, heard) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  /** @type {string[]} */ let pieces = [];
  /** @type {string[]} */ let data = [];
  let event = "";
  let id = "";
  let afterCR = false;
  try {
    while (true) {
      const { done, value } = await reader.read();
      heard?.();
      let text = decoder.decode(value, { stream: !done });
      if (afterCR && text) {
        if (text[0] === "\n") text = text.slice(1);
        afterCR = false;
      }
      if (text.endsWith("\r")) afterCR = true;
      const lines = text.split(/\r\n|\r|\n/);
      const rest = /** @type {string} */ (lines.pop());
      for (const end of lines) {
        const line = pieces.join("") + end;
        pieces = [];
        if (line === "") {
          if (data.length) yield { event: event || "message", data: data.join("\n"), id };
          data = [];
          event = "";
          continue;
        }
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const found = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
        if (field === "data") data.push(found);
        else if (field === "event") event = found;
        else if (field === "id") id = found;
      }
      if (rest) pieces.push(rest);
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
