/** The public cases of the content codings, as the tests of the core take them. */
import { gunzipSync } from 'node:zlib';
import * as abi from '../../assembly/abi.js';
import { protocolCases } from '../support/shared.js';

interface PublishedCase {
  readonly id: string;
  readonly coding: string;
  readonly input_b64?: string;
  readonly input_gz_b64?: string;
  readonly expect: { readonly ok: boolean; readonly size?: number; readonly sha256?: string; readonly policy?: string };
  readonly flush_points?: readonly (readonly [inputOctets: number, octets: number])[];
}

export interface CodingCase {
  readonly id: string;
  /** CODING_*. */
  readonly coding: number;
  readonly input: Uint8Array;
  readonly expect: PublishedCase['expect'];
  readonly flushPoints: readonly (readonly [inputOctets: number, octets: number])[];
}

const CODINGS: Record<string, number> = {
  gzip: abi.CODING_GZIP,
  zlib: abi.CODING_ZLIB,
  'raw-deflate': abi.CODING_DEFLATE_RAW,
  'http-deflate': abi.CODING_DEFLATE,
  br: abi.CODING_BROTLI,
  zstd: abi.CODING_ZSTD,
};

function inputOf(one: PublishedCase): Uint8Array {
  if (one.input_b64 !== undefined) return Buffer.from(one.input_b64, 'base64');
  return gunzipSync(Buffer.from(one.input_gz_b64 ?? '', 'base64'));
}

/** The cases of a file of vectors; `null`: it is not there. */
export function codingCases(name: string): readonly CodingCase[] | null {
  const cases = protocolCases<PublishedCase>(name);
  if (cases === null) return null;
  return cases.map((one) => {
    const coding = CODINGS[one.coding];
    if (coding === undefined) throw new Error(`Cannot take case ${one.id}: unknown coding ${one.coding}`);
    return { id: one.id, coding, input: inputOf(one), expect: one.expect, flushPoints: one.flush_points ?? [] };
  });
}
