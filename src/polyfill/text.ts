/** `TextEncoder` and `TextDecoder`, before what needs them when it is loaded. */
import { TextDecoder, TextEncoder } from '@exodus/bytes/encoding.js';
import { install } from './install.js';

install({ TextDecoder });
install({ TextEncoder });
