/**
 * Connections as handles: the calls of the flat ABI, by protocol. A handle is the address of a connection's structure, which
 * is a multiple of 16, and 1 more if it speaks HTTP/2. No connection (handle 0) answers every call with 0 and says nothing;
 * any other number that is no handle is the host's mistake, which the debug build stops at.
 */
import { PROTOCOL_HTTP_1_1, PROTOCOL_HTTP_2, ROLE_CLIENT } from './abi';
import * as h1 from './h1/connection';
import * as h2 from './h2/connection';

/** What a handle of HTTP/2 has beside the address. */
const HTTP_2: u32 = 1;

/** A new connection; 0 without memory, or if the protocol is not known. HTTP/2 has the role of a client alone. */
export function connectionCreate(protocol: u32, role: u32, headOctetsMax: u32, fieldsMax: u32, interimMax: u32): u32 {
  if (protocol == PROTOCOL_HTTP_1_1) return h1.create(role, headOctetsMax, fieldsMax, interimMax);
  if (protocol != PROTOCOL_HTTP_2 || role != ROLE_CLIENT) return 0;
  const handle = h2.create(headOctetsMax, fieldsMax, interimMax);
  return handle ? handle | HTTP_2 : 0;
}

/**
 * Begins an exchange; `open` holds OPEN_* bits. Its stream (HTTP/1.1: 1, 2, 3 …; HTTP/2: 1, 3, 5 …), or 0 if none can begin
 * now. HTTP/2: the request's head stands in [from, to) of the input area (h2/request.ts); a negative result is the rule that
 * forbids to send it.
 */
export function connectionOpen(handle: u32, open: u32, from: u32, to: u32): i32 {
  if (handle & HTTP_2) return h2.open(handle ^ HTTP_2, open, from, to);
  return handle ? h1.open(handle, open) : 0;
}

/** HTTP/2: how many of `octets` octets of body may follow now; 0: wait for WRITABLE; negative: a rule. */
export function connectionSend(handle: u32, stream: u32, octets: u32): i32 {
  return handle & HTTP_2 ? h2.send(handle ^ HTTP_2, stream, octets) : 0;
}

/**
 * The request's body is complete. HTTP/2: trailers, as field lines, stand in [from, to) of the input area; a negative result
 * is the rule that forbids to end here.
 */
export function connectionEnd(handle: u32, stream: u32, from: u32, to: u32): i32 {
  if (handle & HTTP_2) return h2.end(handle ^ HTTP_2, stream, from, to);
  return handle ? h1.end(handle, stream) : 0;
}

/** HTTP/2: content of the stream was consumed, or dropped: the peer may send so much more. */
export function connectionRelease(handle: u32, stream: u32, octets: u32): void {
  if (handle & HTTP_2) h2.releaseContent(handle ^ HTTP_2, stream, octets);
}

/** HTTP/2: who reads the stream's content waits for more. 1 if there is something to be written. */
export function connectionWant(handle: u32, stream: u32): u32 {
  return handle & HTTP_2 ? h2.want(handle ^ HTTP_2, stream) : 0;
}

/** HTTP/1.1: octets [from, to) of the input area came from the peer. Number of records. */
export function connectionReceive(handle: u32, from: u32, to: u32): u32 {
  return h1.receive(handle, from, to);
}

/**
 * HTTP/2: the same, at `nowMs` of a clock of which only differences count. A call of its own, since that of HTTP/1.1 has not
 * an instruction to spare where octets drip.
 */
export function connectionReceiveAt(handle: u32, from: u32, to: u32, nowMs: u32): u32 {
  return handle & HTTP_2 ? h2.receive(handle ^ HTTP_2, from, to, nowMs) : 0;
}

/** All octets that the last PASS record announced have gone by. Number of records. */
export function connectionPassed(handle: u32): u32 {
  if (handle & HTTP_2) return h2.passed(handle ^ HTTP_2);
  return handle ? h1.passed(handle) : 0;
}

/** The peer closed its side. Number of records. */
export function connectionReceiveEnd(handle: u32): u32 {
  if (handle & HTTP_2) return h2.receiveEnd(handle ^ HTTP_2);
  return handle ? h1.receiveEnd(handle) : 0;
}

/** The user gave the exchange up: nothing more is said of it. HTTP/1.1: the connection is not used again. */
export function connectionCancel(handle: u32, stream: u32): void {
  if (handle & HTTP_2) h2.cancel(handle ^ HTTP_2, stream);
  else if (handle) h1.cancel(handle, stream);
}

/** HTTP/2: says that the connection will be closed, and begins nothing more. */
export function connectionGoAway(handle: u32): void {
  if (handle & HTTP_2) h2.goAway(handle ^ HTTP_2);
}

/** HTTP/2: number of records, 1 (OUTPUT) if there is something to be written. */
export function connectionTakeOutput(handle: u32): u32 {
  return handle & HTTP_2 ? h2.takeOutput(handle ^ HTTP_2) : 0;
}

/** 1 if `connectionOpen` would begin an exchange. */
export function connectionCanOpen(handle: u32): u32 {
  if (handle & HTTP_2) return h2.placesFree(handle ^ HTTP_2) ? 1 : 0;
  return handle ? h1.canOpen(handle) : 0;
}

/** How many exchanges `connectionOpen` would begin, one after the other. */
export function connectionPlacesFree(handle: u32): u32 {
  return handle & HTTP_2 ? h2.placesFree(handle ^ HTTP_2) : connectionCanOpen(handle);
}

/** 1 if the peer takes extended CONNECT (RFC 8441). */
export function connectionCanConnectProtocol(handle: u32): u32 {
  return handle & HTTP_2 ? h2.canConnectProtocol(handle ^ HTTP_2) : 0;
}

/** CLOSE_*. */
export function connectionCloseReason(handle: u32): u32 {
  if (handle & HTTP_2) return h2.closeReason(handle ^ HTTP_2);
  return handle ? h1.closeReason(handle) : 0;
}

/** Frees the connection and all that belongs to it. The handle is dead. */
export function connectionFree(handle: u32): void {
  if (handle & HTTP_2) h2.free(handle ^ HTTP_2);
  else if (handle) h1.free(handle);
}
