/**
 * tls_config.json of vectors/httpx, through what `verify`, `cert` and `trustEnv` make of a client's TLS: who is trusted, whether
 * that is checked, where keys are logged. What httpx says when a client is made is said here when TLS is first needed, as a
 * ConnectError (docs/differences.md); what else differs is on the list below, with what overrules it.
 */
import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { CertTypes } from '../../src/config.js';
import { tlsSettings } from '../../src/hosts/node/tls-settings.js';
import { ConnectError } from '../../src/index.js';
import { TlsSettings } from '../../src/tls-material.js';
import { FakeHost } from '../support/fake-host.js';
import { octetsOf, textOf } from '../support/octets.js';
import { httpxCases, withoutShared } from '../support/shared.js';

interface Outcome {
  readonly verify_mode: 'CERT_REQUIRED' | 'CERT_NONE';
  readonly check_hostname: boolean;
  readonly trusted: 'default bundle' | readonly string[];
  readonly keylog_file: string | null;
}

interface TlsCase {
  readonly id: string;
  readonly input: {
    readonly files: Readonly<Record<string, string>>;
    readonly kwargs: Readonly<Record<string, unknown>>;
    readonly env: Readonly<Record<string, unknown>>;
  };
  readonly expected: (Outcome & { readonly warnings: readonly string[] }) | { readonly $error: object };
}

const FOLDER = 'a folder is read whole: OpenSSL, of which httpx asks, looks a file up when it needs it, by its hash';
/** `null`: a ConnectError. */
const DEVIATIONS: Readonly<
  Record<string, { readonly overruledBy: string; readonly trusted: readonly string[] | null }>
> = {
  'tls_config/context/f4771790bc': { overruledBy: FOLDER, trusted: ['oracle test CA'] },
  'tls_config/context/989db57d9c': { overruledBy: FOLDER, trusted: ['oracle test CA'] },
  'tls_config/context/15a9ff2d59': { overruledBy: 'API.md, Errors: a message says what was attempted', trusted: null },
};

/** A value of the vectors: `$path` is a file of the case. */
function given(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { $path, $tuple } = value as { readonly $path?: string; readonly $tuple?: readonly unknown[] };
  return $tuple === undefined ? $path : $tuple.map(given);
}

const nameOf = (pem: string): string => /CN=(.*)/.exec(new X509Certificate(pem).subject)?.[1] ?? '';

function played({ input: { files, kwargs, env } }: TlsCase): Outcome | ConnectError {
  const host = new FakeHost();
  for (const [name, text] of Object.entries(files)) host.files.set(name, Uint8Array.from(octetsOf(text)));
  for (const [name, value] of Object.entries(env)) host.variables.set(name, String(given(value)));
  const settings = new TlsSettings(
    host,
    (given(kwargs.verify) ?? true) as boolean | string,
    (given(kwargs.cert) ?? null) as CertTypes | null,
    (kwargs.trust_env ?? true) as boolean,
  );
  try {
    const target = settings.target('host.invalid', null, [], null);
    const { rejectUnauthorized } = tlsSettings(target);
    const { ca, keyLogFile } = target.options;
    const bundle = target.verify ? ('default bundle' as const) : [];
    return {
      verify_mode: rejectUnauthorized === true ? 'CERT_REQUIRED' : 'CERT_NONE',
      check_hostname: target.verify,
      trusted: ca === null ? bundle : ca.map((each) => nameOf(typeof each === 'string' ? each : textOf(each))),
      keylog_file: keyLogFile,
    };
  } catch (error) {
    if (error instanceof ConnectError) return error;
    throw error;
  }
}

const cases = httpxCases<TlsCase>('tls_config');

describe.skipIf(cases === null)(`httpx's TLS settings ${cases === null ? withoutShared : ''}`, () => {
  test.each((cases ?? []).map((each) => [each.id, each] as const))('%s', (id, scenario) => {
    const { expected } = scenario;
    const got = played(scenario);
    const deviation = DEVIATIONS[id];
    const wanted: Outcome | null = '$error' in expected ? null : expected;
    if (deviation !== undefined) {
      expect(deviation.trusted, 'a deviation that deviates in nothing').not.toEqual(wanted?.trusted ?? null);
      if (deviation.trusted === null) expect(got, deviation.overruledBy).toBeInstanceOf(ConnectError);
      else expect(got, deviation.overruledBy).toMatchObject({ trusted: deviation.trusted });
    } else if (wanted === null) expect(got).toBeInstanceOf(ConnectError);
    else {
      const { verify_mode, check_hostname, trusted, keylog_file } = wanted;
      expect(got).toEqual({ verify_mode, check_hostname, trusted, keylog_file });
    }
  });

  test('every deviation is of a case', () => {
    expect(Object.keys(DEVIATIONS).every((id) => cases?.some((each) => each.id === id))).toBe(true);
  });
});
