/**
 * The core as a component: the functions of wasm/http-core.wit in the form of the canonical ABI, on top of the core's own calls.
 * A function's name is that of its resource and of itself, from which the build makes the component's (wasm/component.mjs);
 * `New` is a constructor, `Drop` a destructor. Arguments that are lists stand in the arena of the call, as do results; it is
 * given back by `afterResult` when the host has read them.
 */
import { giveBack } from './component/arena';
import * as connections from './component/connection';
import * as content from './component/content';
import { connectionHandle, contentDecoderHandle, fieldDecoderHandle, fieldEncoderHandle } from './component/handles';
import * as hpack from './hpack/calls';
import * as accounting from './memory';

export { reallocate } from './component/arena';
export { liveOctets } from './memory';

/** Memory is ready from the start. */
export function initialize(): void {}

/** The host has read a result. */
export function afterResult(_result: usize): void {
  giveBack();
}

// ── connections ──

export function connectionNew(protocol: u32, octets: u32, fieldsMax: u32, interim: u32): u32 {
  return connectionHandle(connections.create(protocol, octets, fieldsMax, interim));
}

export {
  canConnectProtocol as connectionCanConnectProtocol,
  cancel as connectionCancel,
  closeReason as connectionCloseReason,
  drop as connectionDrop,
  end as connectionEnd,
  goAway as connectionGoAway,
  open as connectionOpen,
  placesFree as connectionPlacesFree,
  releaseContent as connectionRelease,
  send as connectionSend,
  takeOutput as connectionTakeOutput,
  want as connectionWant,
} from './component/connection';
export { receive as connectionReceive, receiveEnd as connectionReceiveEnd } from './component/receiving';

// ── HPACK ──

export function fieldDecoderNew(tableOctets: u32, listOctets: u32, fieldsMax: u32): u32 {
  return fieldDecoderHandle(hpack.hpackDecoderCreate(tableOctets, listOctets, fieldsMax));
}

export function fieldEncoderNew(tableOctets: u32): u32 {
  return fieldEncoderHandle(hpack.hpackEncoderCreate(tableOctets));
}

export { decodeBlock as fieldDecoderDecode, encodeFields as fieldEncoderEncode } from './component/fields';
export {
  hpackDecoderAllow as fieldDecoderAllow,
  hpackDecoderFree as fieldDecoderDrop,
  hpackEncoderAllow as fieldEncoderAllow,
  hpackEncoderFree as fieldEncoderDrop,
} from './hpack/calls';

// ── content codings ──

/** Each limit is an option: whether there is one, and which. */
export function contentDecoderNew(
  coding: u32,
  hasOctets: u32,
  octets: u64,
  hasRatio: u32,
  ratio: f64,
  hasWindow: u32,
  window: u32,
): u32 {
  const octetsMax = hasOctets ? <f64>octets : 0;
  const ratioMax = hasRatio ? ratio : 0;
  const windowMax = hasWindow ? <f64>window : 0;
  return contentDecoderHandle(content.create(coding, octetsMax, ratioMax, windowMax));
}

export {
  decode as contentDecoderDecode,
  drop as contentDecoderDrop,
  end as contentDecoderEnd,
} from './component/content';

// ── memory ──

/** An option: whether any is to fail, and how many are to succeed before. */
export function failAllocationsAfter(isLimited: u32, allocations: u32): void {
  accounting.failAllocationsAfter(isLimited ? <i32>allocations : -1);
}
