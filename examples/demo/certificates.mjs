// A certificate authority that lives as long as the process: nothing here is ever written to disk or trusted by anybody.
import { generate } from 'selfsigned';

const KEYS = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' };
const DAY_MS = 86_400_000;

/** How long a certificate is valid, with a margin for clocks that differ. */
function validity(days) {
  const now = Date.now();
  return { notBeforeDate: new Date(now - DAY_MS), notAfterDate: new Date(now + days * DAY_MS) };
}

/** Makes a certificate authority: `{ cert, key }`, both PEM. */
export async function createAuthority(commonName) {
  const made = await generate([{ name: 'commonName', value: commonName }], {
    ...KEYS,
    ...validity(7),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

/** Makes a server certificate for the DNS names and IP addresses given, signed by `authority`: `{ cert, key }`, both PEM. */
export async function createServerCertificate(authority, { names, addresses }) {
  const made = await generate([{ name: 'commonName', value: names[0] ?? addresses[0] }], {
    ...KEYS,
    ...validity(2),
    ca: authority,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [...names.map((value) => ({ type: 2, value })), ...addresses.map((ip) => ({ type: 7, ip }))],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}
