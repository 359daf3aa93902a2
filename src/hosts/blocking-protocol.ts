/**
 * What a thread that blocks and the worker that owns its sockets have in common: the layout of shared memory, and the
 * messages on their port. Octets, room, phases and every "look again" go through shared memory; what is rare goes through
 * the port. Whoever posts a message to the caller counts it in MESSAGES, then rings BELL.
 *
 * Memory of one channel (one socket):
 *   [ words of the worker, 64 octets | words of the caller, 64 octets | octets in, IN_OCTETS | octets out, OUT_OCTETS ]
 */
import type { CarriedError } from './carried-error.js';
import { Ring } from './ring.js';
import type { ConnectPhase, SocketSettings, TlsMaterial } from './socket.js';

// ── words of the link: one array for a caller and its worker ──

/** Changes whenever there is something for the caller; it sleeps on this word. */
export const BELL = 0;
/** STARTING, RUNNING, ENDED or FAILED. */
export const STATE = 1;
/** Messages that the worker has posted. */
export const MESSAGES = 2;
/** The latest fence that the worker has come past. */
export const FENCE = 3;
export const LINK_WORDS = 4;

export const STARTING = 0;
export const RUNNING = 1;
export const ENDED = 2;
/** It could not begin: its code cannot be run. */
export const FAILED = 3;

// ── words of a channel ──

/** Octets that came, counted by the worker. */
export const IN_PUT = 0;
/** Set by the worker: it holds octets back until half of the ring is free. Cleared by the caller, who then posts the id. */
export const IN_STALLED = 1;
/** Octets to send, counted by the worker as it takes them. */
export const OUT_TAKEN = 2;
/** Index in PHASES: what a connect, or a TLS handshake, is in the middle of. */
export const PHASE = 3;
/** Bits of what a connect has reached. */
export const REACHED = 4;
/** Set by the worker: all that was to be sent, and our end, have left. */
export const OUT_SENT = 5;
/** Octets that the caller has taken. */
export const IN_TAKEN = 16;
/** Octets to send, counted by the caller. */
export const OUT_PUT = 17;
/** Set by the caller: it waits for room. Cleared by the worker, who then rings. */
export const OUT_STALLED = 18;
/** Set by the caller with the id on its way: no further post is needed. Cleared by the worker before it looks. */
export const OUT_RUNG = 19;
/** Set by the caller: what is in the ring is all. */
export const OUT_ENDED = 20;
export const CHANNEL_WORDS = 32;

export const PHASES: readonly ConnectPhase[] = ['dns', 'connect', 'proxy', 'tls'];
export const RESOLVED = 1;
export const CONNECTED = 2;
export const SECURED = 4;

export const IN_OCTETS = 131072;
export const OUT_OCTETS = 131072;
export const CHANNEL_OCTETS: number = CHANNEL_WORDS * 4 + IN_OCTETS + OUT_OCTETS;

/** Words and rings of a channel's memory. */
export function partsOf(memory: SharedArrayBuffer): {
  readonly words: Int32Array;
  readonly inbound: Ring;
  readonly outbound: Ring;
} {
  const words = new Int32Array(memory, 0, CHANNEL_WORDS);
  const inbound = new Uint8Array(memory, words.byteLength, IN_OCTETS);
  const outbound = new Uint8Array(memory, words.byteLength + IN_OCTETS, OUT_OCTETS);
  return {
    words,
    inbound: new Ring(words, IN_PUT, IN_TAKEN, inbound),
    outbound: new Ring(words, OUT_PUT, OUT_TAKEN, outbound),
  };
}

// ── messages ──

/** A `TlsTarget` on its way: what many connections share is sent once, and named by a number afterwards. */
export interface CarriedTarget {
  readonly hostname: string;
  readonly serverName: string | null;
  readonly alpn: readonly string[];
  readonly verify: boolean;
  readonly optionsId: number;
  readonly sessionsId: number | null;
}

/** Connect `memory`'s channel. */
export interface ConnectMessage {
  readonly kind: 'connect';
  readonly id: number;
  readonly memory: SharedArrayBuffer;
  readonly host: string;
  readonly port: number;
  readonly uds: string | null;
  readonly localAddress: string | null;
  readonly socketOptions: SocketSettings | null;
  /** Connect to one of these, in place of what DNS says; `null`: look the name up. */
  readonly addresses: readonly string[] | null;
  /** What DNS says must be allowed by the caller first. */
  readonly asks: boolean;
  readonly tls: CarriedTarget | null;
}

/** From the caller to the worker. A number: look at the channel of that id, there are octets to send or room for more. */
export type ToWorker =
  | number
  | ConnectMessage
  | { readonly kind: 'allowed'; readonly id: number; readonly addresses: readonly string[] }
  | { readonly kind: 'startTls'; readonly id: number; readonly tls: CarriedTarget }
  | { readonly kind: 'peer'; readonly id: number; readonly peer: string }
  /** `leaves`: as `Socket.leave`. */
  | { readonly kind: 'close'; readonly id: number; readonly leaves: boolean }
  | { readonly kind: 'options'; readonly id: number; readonly options: TlsMaterial }
  | { readonly kind: 'sessions'; readonly id: number }
  | { readonly kind: 'forgetOptions'; readonly id: number }
  | { readonly kind: 'forgetSessions'; readonly id: number }
  | { readonly kind: 'fence'; readonly turn: number }
  | { readonly kind: 'end' };

/** An IP address and a port, as `Socket.info` tells them. */
export type SocketAddress = readonly [address: string, port: number];

/** Connected, or TLS was set up. */
export interface OpenedMessage {
  readonly kind: 'opened';
  readonly id: number;
  readonly alpn: string | null;
  readonly clientAddress: SocketAddress | null;
  readonly serverAddress: SocketAddress | null;
}

/** From the worker to the caller. */
export type ToCaller =
  | OpenedMessage
  /** Addresses that DNS gave; to be answered with 'allowed', or by closing. */
  | { readonly kind: 'found'; readonly id: number; readonly addresses: readonly string[] }
  /** A connect or a TLS handshake failed. */
  | { readonly kind: 'failed'; readonly id: number; readonly error: CarriedError }
  /** Nothing comes after what is in the ring. `null`: the peer closed its side in order. */
  | { readonly kind: 'ended'; readonly id: number; readonly error: CarriedError | null }
  /** Nothing more can be sent. */
  | { readonly kind: 'unsent'; readonly id: number; readonly error: CarriedError }
  /** The worker has let go of the channel and of its memory. */
  | { readonly kind: 'closed'; readonly id: number }
  /** The worker is about to end: because of a mistake of ours, or since its code cannot be run. */
  | { readonly kind: 'crashed'; readonly error: CarriedError };
