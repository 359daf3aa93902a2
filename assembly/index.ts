/**
 * The flat ABI: the only functions the host may call, and the module's memory. Offsets and numbers cross here, never
 * strings; what they mean is in abi.ts.
 */
import { EVENTS, INPUT } from './memory';

export { decoderCreate, decoderDecode, decoderEnd, decoderFree } from './coding/decoder';
export {
  connectionCanConnectProtocol,
  connectionCancel,
  connectionCanOpen,
  connectionCloseReason,
  connectionCreate,
  connectionEnd,
  connectionFree,
  connectionGoAway,
  connectionOpen,
  connectionPassed,
  connectionPlacesFree,
  connectionReceive,
  connectionReceiveAt,
  connectionReceiveEnd,
  connectionRelease,
  connectionSend,
  connectionTakeOutput,
  connectionWant,
} from './connection';
export {
  hpackDecode,
  hpackDecoderAllow,
  hpackDecoderCreate,
  hpackDecoderFree,
  hpackEncode,
  hpackEncoderAllow,
  hpackEncoderCreate,
  hpackEncoderFree,
} from './hpack/calls';
export { failAllocationsAfter, liveOctets } from './memory';

/** Where the host puts octets: INPUT_OCTETS of them. */
export function inputOffset(): u32 {
  return <u32>INPUT;
}

/** Where a call's event records begin. */
export function eventsOffset(): u32 {
  return <u32>EVENTS;
}
