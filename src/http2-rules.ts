/** The sentences of rules.ts that are about HTTP/2 (RFC 9113). */
import * as abi from '../assembly/abi.js';
import type { Rule } from './rules.js';

/** Rules whose breach ends the connection. */
const CONNECTION_RULES: readonly (readonly [number, Rule])[] = [
  [
    abi.RULE_H2_PREFACE,
    { what: 'begin HTTP/2: the server does not speak it, its first octets are no SETTINGS', source: 'RFC 9113 §3.4' },
  ],
  [
    abi.RULE_H2_FRAME_OCTETS,
    { what: 'read frame: expected no longer payload than was allowed', source: 'RFC 9113 §4.2', unit: 'octets' },
  ],
  [abi.RULE_H2_FRAME_LENGTH, { what: 'read frame: its type has no such length', source: 'RFC 9113 §4.2' }],
  [
    abi.RULE_H2_FRAME_STREAM,
    { what: 'read frame: expected a stream where its type is about one, and else none', source: 'RFC 9113 §5.1.1' },
  ],
  [abi.RULE_H2_STREAM_IDLE, { what: 'read frame: its stream was never opened', source: 'RFC 9113 §5.1' }],
  [abi.RULE_H2_STREAM_CLOSED, { what: 'read frame: the peer had ended its stream', source: 'RFC 9113 §5.1' }],
  [
    abi.RULE_H2_PADDING,
    { what: 'read frame: expected less padding than its payload has room for', source: 'RFC 9113 §6.1' },
  ],
  [
    abi.RULE_H2_BLOCK_INTERRUPTED,
    { what: 'read field block: expected CONTINUATION of the same stream', source: 'RFC 9113 §6.10' },
  ],
  [abi.RULE_H2_CONTINUATION, { what: 'read CONTINUATION: expected a field block to go on', source: 'RFC 9113 §6.10' }],
  [
    abi.RULE_H2_CONTINUATION_COUNT,
    {
      what: 'read field block: expected fewer CONTINUATION frames, and none that bring nothing',
      source: 'RFC 9113 §10.5',
      unit: 'frames',
    },
  ],
  [
    abi.RULE_H2_BLOCK_OCTETS,
    { what: 'read field block: expected fewer octets', source: 'RFC 9113 §10.5.1', unit: 'octets' },
  ],
  [abi.RULE_H2_PUSH, { what: 'read PUSH_PROMISE: push is switched off', source: 'RFC 9113 §8.4' }],
  [abi.RULE_H2_SETTING, { what: 'apply SETTINGS: a value is out of its range', source: 'RFC 9113 §6.5.2' }],
  [abi.RULE_H2_SETTINGS_ACK, { what: 'read SETTINGS: nothing was to be acknowledged', source: 'RFC 9113 §6.5.3' }],
  [
    abi.RULE_H2_SETTINGS_COUNT,
    { what: 'read SETTINGS: expected fewer settings in a frame', source: 'RFC 9113 §10.5', unit: 'settings' },
  ],
  [
    abi.RULE_H2_WINDOW_INCREMENT,
    { what: 'read WINDOW_UPDATE: expected an increment above 0', source: 'RFC 9113 §6.9' },
  ],
  [abi.RULE_H2_WINDOW_OVERFLOW, { what: 'read WINDOW_UPDATE: the window exceeds 2^31 - 1', source: 'RFC 9113 §6.9.1' }],
  [
    abi.RULE_H2_WINDOW_EXCEEDED,
    { what: 'read DATA: expected no more octets than the window had left', source: 'RFC 9113 §6.9.1', unit: 'octets' },
  ],
  [
    abi.RULE_H2_GOAWAY_GROWS,
    { what: 'read GOAWAY: its last stream is beyond that of the one before', source: 'RFC 9113 §6.8' },
  ],
  [
    abi.RULE_H2_IDLE_FRAMES,
    { what: 'go on: expected fewer frames that bring nothing on', source: 'RFC 9113 §10.5', unit: 'frames' },
  ],
  [
    abi.RULE_H2_EMPTY_DATA,
    { what: 'read DATA: expected fewer empty frames in a row', source: 'RFC 9113 §10.5', unit: 'frames' },
  ],
  [
    abi.RULE_H2_STREAM_ERRORS,
    { what: 'go on: expected fewer broken responses in 10 s', source: 'RFC 9113 §10.5', unit: 'streams' },
  ],
  [
    abi.RULE_H2_ANSWERS,
    { what: 'go on: expected the peer to read what it is answered', source: 'RFC 9113 §10.5', unit: 'frames' },
  ],
  [
    abi.RULE_H2_PEER_CLOSED,
    { what: 'read the response: the peer closed the connection before its end', source: 'RFC 9113 §5.4.1' },
  ],
];

/** Rules whose breach ends a stream. */
const STREAM_RULES: readonly (readonly [number, Rule])[] = [
  [abi.RULE_H2_DATA_EARLY, { what: 'read DATA: expected the head of a response first', source: 'RFC 9113 §8.1' }],
  [
    abi.RULE_H2_TRAILERS_OPEN,
    { what: 'read field section: expected trailers to end the stream', source: 'RFC 9113 §8.1' },
  ],
  [
    abi.RULE_H2_PSEUDO,
    {
      what: "read field section: expected ':status' first in a head, and no other name with a colon",
      source: 'RFC 9113 §8.3',
    },
  ],
  [abi.RULE_H2_STATUS, { what: "read ':status': expected three digits from 100", source: 'RFC 9113 §8.3.2' }],
  [abi.RULE_H2_NAME, { what: 'read field name: expected a token in lower case', source: 'RFC 9113 §8.2.1' }],
  [abi.RULE_H2_VALUE_BLANKS, { what: 'read field value: expected no blanks around it', source: 'RFC 9113 §8.2.1' }],
  [
    abi.RULE_H2_CONNECTION_FIELD,
    { what: 'read field section: expected no fields about the connection', source: 'RFC 9113 §8.2.2' },
  ],
  [
    abi.RULE_H2_LENGTH_DIFFERS,
    { what: 'read content: it has not as many octets as Content-Length says', source: 'RFC 9113 §8.1.1' },
  ],
  [
    abi.RULE_H2_INTERIM_ENDS,
    { what: 'read interim response: expected another head after it', source: 'RFC 9113 §8.1' },
  ],
  [abi.RULE_H2_SWITCHING, { what: 'read head: HTTP/2 has no status 101', source: 'RFC 9113 §8.6' }],
  [abi.RULE_H2_CONTENT_UNASKED, { what: 'read content: this response has none', source: 'RFC 9110 §6.4.1' }],
  [abi.RULE_H2_PRIORITY_LENGTH, { what: 'read PRIORITY: expected a payload of 5 octets', source: 'RFC 9113 §6.3' }],
];

/** What a request must not be. */
const REQUEST_RULES: readonly (readonly [number, Rule])[] = [
  [
    abi.RULE_H2_REQUEST_LINE,
    {
      what: "send the request: expected a method, a target that begins with '/' (or is '*' for OPTIONS), and a scheme",
      source: 'RFC 9113 §8.3.1',
    },
  ],
  [
    abi.RULE_H2_REQUEST_FIELD,
    {
      what:
        'send the field section: expected names that are tokens, values without control characters, no empty Host, and at most ' +
        '512 octets of names in Connection',
      source: 'RFC 9113 §8.2.1',
    },
  ],
  [
    abi.RULE_H2_REQUEST_LIST_OCTETS,
    { what: 'send the field section: the peer takes no such long ones', source: 'RFC 9113 §10.5.1' },
  ],
  [
    abi.RULE_H2_REQUEST_PROTOCOL,
    { what: 'send the request: the peer takes no extended CONNECT', source: 'RFC 8441 §3' },
  ],
  [
    abi.RULE_H2_REQUEST_LONGER,
    { what: 'send the request body: it is longer than its Content-Length', source: 'RFC 9113 §8.1.1' },
  ],
  [
    abi.RULE_H2_REQUEST_SHORTER,
    { what: 'end the request body: it is shorter than its Content-Length', source: 'RFC 9113 §8.1.1' },
  ],
];

export const HTTP2_RULES: readonly (readonly [number, Rule])[] = [
  ...CONNECTION_RULES,
  ...STREAM_RULES,
  ...REQUEST_RULES,
];
