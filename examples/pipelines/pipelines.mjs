// Bodies through TransformStreams: each function takes a response of `client.stream(…)`, whose body is unread, and reads it only
// as fast as what stands behind it. Nothing here holds more than a piece, a line or a record, however long the body is.

/** Lines of text, without their ends. */
export function lines() {
  let rest = '';
  return new TransformStream({
    transform(text, controller) {
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      for (const line of parts) controller.enqueue(line.endsWith('\r') ? line.slice(0, -1) : line);
    },
    flush(controller) {
      if (rest !== '') controller.enqueue(rest);
    },
  });
}

/** What `each` makes of every chunk; `undefined` is left out. */
export function mapped(each) {
  return new TransformStream({
    transform(chunk, controller) {
      const made = each(chunk);
      if (made !== undefined) controller.enqueue(made);
    },
  });
}

/** The values of a body of JSON texts, one in each line (NDJSON). */
export function ndjson(response) {
  const texts = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(lines());
  return texts.pipeThrough(mapped((line) => (line === '' ? undefined : JSON.parse(line))));
}

/** Records of CSV whose first line names the fields; without quoted fields (RFC 4180 has them). */
export function csv(response) {
  let names = null;
  const texts = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(lines());
  return texts.pipeThrough(
    mapped((line) => {
      const fields = line.split(',');
      if (names !== null) return Object.fromEntries(fields.map((field, i) => [names[i], field]));
      names = fields;
      return undefined;
    }),
  );
}

/** The body, whatever its coding was, as gzip data. */
export function gzipped(response) {
  return response.body.pipeThrough(new CompressionStream('gzip'));
}

/** Sends the body on as that of another request, and answers with its response. */
export function forwarded(response, client, url) {
  return client.post(url, { content: response.body });
}
