/** What packages need when they are loaded: `TextEncoder`, `TextDecoder`, and a `SharedArrayBuffer` to compare with. */
import { TextDecoder, TextEncoder } from '@exodus/bytes/encoding.js';
import { install } from './install.js';
import { standIn } from './shared-memory.js';

install({ TextDecoder });
install({ TextEncoder });
standIn();
