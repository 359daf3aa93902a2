/** Names of the exported counters. */
export const INSTRUCTIONS: string;
export const BULK: string;
export function meter(octets: Uint8Array): Uint8Array<ArrayBuffer>;
