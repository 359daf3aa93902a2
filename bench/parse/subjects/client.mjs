/** Our client's own way, for information: src/core-http1.ts makes the calls, and its `Headers` are iterated. */

const LIMITS = { headOctets: 65536, fields: 256, interim: 16 };
const REQUEST = { method: 'GET', target: '/', block: 'Host: bench\r\n', open: 0, framing: null, protocol: null };

export async function open({ head, fields, build }) {
  const { openHttp1 } = await import(new URL('src/core-http1.js', build));
  const { Headers } = await import(new URL('src/headers.js', build));
  const fail = (error) => {
    throw error;
  };
  const connection = openHttp1(LIMITS, fail);
  const buffer = Buffer.allocUnsafeSlow(65536);
  const length = buffer.write(head, 'latin1');
  const texts = new Array(fields * 2);
  let heads = 0;
  let seen = null;
  const events = {
    onHead(_stream, _status, _flags, one) {
      heads++;
      seen = one;
    },
    onEnd() {},
    onError: fail,
  };

  const read = () => {
    connection.open(REQUEST, true);
    connection.takeOutput();
    connection.receive(buffer, length, false, 0, events);
    let at = 0;
    for (const [name, value] of Headers.fromWire(seen.text, seen.fields)) {
      texts[at++] = name;
      texts[at++] = value;
    }
    return at / 2;
  };

  return {
    run(count) {
      heads = 0;
      for (let left = count; left > 0; left--) {
        if (read() !== fields) throw new Error('Cannot count a head: our client found another number of fields');
      }
      if (heads !== count) throw new Error(`Cannot count heads: ${heads} of ${count} came`);
    },
    found() {
      read();
      return Array.from({ length: fields }, (_, index) => [texts[index * 2], texts[index * 2 + 1]]);
    },
  };
}
