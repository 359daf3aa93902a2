/**
 * Connections as handles: the calls of the flat ABI, by protocol. A handle is the address of a connection's structure.
 * HTTP/1.1 is the one protocol there is; asking for another gives no connection. No connection (handle 0) answers every
 * call with 0 and says nothing; any other number that is no handle is the host's mistake, which the debug build stops
 * at.
 */
import { PROTOCOL_HTTP_1_1 } from './abi';
import * as h1 from './h1/connection';

/** A new connection; 0 without memory, or if the protocol is not known. */
export function connectionCreate(protocol: u32, role: u32, headOctetsMax: u32, fieldsMax: u32, interimMax: u32): u32 {
  if (protocol != PROTOCOL_HTTP_1_1) return 0;
  return h1.create(role, headOctetsMax, fieldsMax, interimMax);
}

/** Begins an exchange; `open` holds OPEN_* bits. Its stream (1, 2, 3 …), or 0 if none can begin now. */
export function connectionOpen(handle: u32, open: u32): u32 {
  return handle ? h1.open(handle, open) : 0;
}

/** The request's body is complete. Number of records. */
export function connectionEnd(handle: u32, stream: u32): u32 {
  return handle ? h1.end(handle, stream) : 0;
}

/** Octets [from, to) of the input area came from the peer. Number of records. */
export function connectionReceive(handle: u32, from: u32, to: u32): u32 {
  return h1.receive(handle, from, to);
}

/** All octets that the last PASS record announced have gone by. Number of records. */
export function connectionPassed(handle: u32): u32 {
  return handle ? h1.passed(handle) : 0;
}

/** The peer closed its side. Number of records. */
export function connectionReceiveEnd(handle: u32): u32 {
  return handle ? h1.receiveEnd(handle) : 0;
}

/** The user gave the exchange up: nothing more is said of it, and the connection is not used again. */
export function connectionCancel(handle: u32, stream: u32): void {
  if (handle) h1.cancel(handle, stream);
}

/** 1 if `connectionOpen` would begin an exchange. */
export function connectionCanOpen(handle: u32): u32 {
  return handle ? h1.canOpen(handle) : 0;
}

/** CLOSE_*. */
export function connectionCloseReason(handle: u32): u32 {
  return handle ? h1.closeReason(handle) : 0;
}

/** Frees the connection and all that belongs to it. The handle is dead. */
export function connectionFree(handle: u32): void {
  if (handle) h1.free(handle);
}
