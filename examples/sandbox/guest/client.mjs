// What the sandbox exports (`interface client` of wit/sandbox.wit): httpx-wasm's blocking client, which keeps its
// connections for the next call. Its errors leave as records.

/** An error as a record. One that is not of the package has no code: it goes by its name. */
function failure(error) {
  const { name, code = name, message, retryable = false } = error;
  return { name, code, message, retryable };
}

/** The exported interface; `open` makes the client, which is done with the first call. */
export function clientOf(open) {
  let client = null;
  /** Responses that are being read: the host's parts of one that only the engine let go of would go in any order. */
  const reading = new Set();

  /** What a call answers; what it throws is the `err` of its result. */
  function answered(work) {
    try {
      client ??= open();
      return work();
    } catch (error) {
      throw failure(error);
    }
  }

  const stream = ({ method, url, headers, body, timeoutMs }, content = body) => {
    // Said by the name that it has in the WIT; here there is no `null` for no limit.
    if (timeoutMs === 0) throw new RangeError('Cannot send the request: expected timeout-ms to be at least 1, got 0');
    return client.stream(method, url, {
      headers,
      ...(content === undefined || content === null ? {} : { content }),
      ...(timeoutMs === undefined || timeoutMs === null ? {} : { timeout: timeoutMs }),
    });
  };

  /** Reads the response; its connection is free afterwards. */
  function whole(response) {
    try {
      const body = response.read();
      return { status: response.statusCode, headers: [...response.headers.multiItems()], body };
    } finally {
      response.close();
    }
  }

  class Download {
    #response;
    #pieces;

    constructor(response) {
      this.#response = response;
      reading.add(response);
      this.#pieces = response.iterBytes();
    }

    status() {
      return this.#response.statusCode;
    }

    headers() {
      return [...this.#response.headers.multiItems()];
    }

    next() {
      return answered(() => {
        const { done, value } = this.#pieces.next();
        if (!done) return value;
        this.close();
        return null;
      });
    }

    close() {
      this.#response.close();
      reading.delete(this.#response);
    }
  }

  return {
    Download,
    send: (request) => answered(() => whole(stream(request))),
    open: (request) => answered(() => new Download(stream(request))),
    relay: (source, target) =>
      answered(() => {
        const response = stream(source);
        try {
          return whole(stream(target, response.iterBytes()));
        } finally {
          response.close();
        }
      }),
  };
}
