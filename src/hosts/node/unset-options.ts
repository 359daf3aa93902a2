/**
 * What connections and TLS are not told, as own properties: Node.js reads its options with their prototype, so that of one
 * that is left out Object.prototype would decide, whoever polluted it (SECURITY 5.6). To be spread before what is meant.
 */
type Unset = Readonly<Record<string, undefined>>;

/** Of streams and `net.Socket`. */
const UNSET_SOCKET: Unset = {
  fd: undefined,
  handle: undefined,
  signal: undefined,
  timeout: undefined,
  blockList: undefined,
  noDelay: undefined,
  keepAlive: undefined,
  keepAliveInitialDelay: undefined,
  allowHalfOpen: undefined,
  pauseOnCreate: undefined,
  readable: undefined,
  writable: undefined,
  encoding: undefined,
  defaultEncoding: undefined,
  objectMode: undefined,
  readableObjectMode: undefined,
  writableObjectMode: undefined,
  highWaterMark: undefined,
  readableHighWaterMark: undefined,
  writableHighWaterMark: undefined,
};

/** Of `net.connect`. */
export const UNSET_CONNECT: Unset = {
  ...UNSET_SOCKET,
  path: undefined,
  localAddress: undefined,
  localPort: undefined,
  family: undefined,
  hints: undefined,
  lookup: undefined,
  autoSelectFamily: undefined,
  autoSelectFamilyAttemptTimeout: undefined,
};

/** Of `tls.connect`, whose secure context is given. */
export const UNSET_TLS: Unset = {
  socket: undefined,
  servername: undefined,
  session: undefined,
  pskCallback: undefined,
  requestOCSP: undefined,
  enableTrace: undefined,
};

/** Of `tls.createSecureContext`. */
export const UNSET_CONTEXT: Unset = {
  ca: undefined,
  cert: undefined,
  key: undefined,
  passphrase: undefined,
  pfx: undefined,
  crl: undefined,
  ciphers: undefined,
  ecdhCurve: undefined,
  sigalgs: undefined,
  dhparam: undefined,
  honorCipherOrder: undefined,
  maxVersion: undefined,
  secureProtocol: undefined,
  secureOptions: undefined,
  sessionIdContext: undefined,
  sessionTimeout: undefined,
  ticketKeys: undefined,
  allowPartialTrustChain: undefined,
  clientCertEngine: undefined,
  privateKeyEngine: undefined,
  privateKeyIdentifier: undefined,
};
