/** The public names of `httpx-wasm`. */
export {
  delete,
  get,
  head,
  options,
  patch,
  post,
  put,
  query,
  request,
  stream,
} from './api.js';
export {
  Auth,
  type AuthFlow,
  type AuthTypes,
  BasicAuth,
  BearerAuth,
  FunctionAuth,
  type SyncAuthTypes,
} from './auth.js';
export { DigestAuth } from './auth-digest.js';
export { NetRCAuth } from './auth-netrc.js';
export {
  OAuth2ClientCredentials,
  type OAuth2ClientCredentialsOptions,
  OAuth2RefreshToken,
  type OAuth2RefreshTokenOptions,
  type OAuth2Tokens,
} from './auth-oauth2.js';
export type { ByteSource } from './body.js';
export { AsyncByteStream, ByteStream, SyncByteStream } from './byte-stream.js';
export { AsyncClient, Client } from './clients.js';
export {
  type CertTypes,
  type Duration,
  Limits,
  type LimitsOptions,
  type LimitsTypes,
  Timeout,
  type TimeoutOptions,
  type TimeoutTypes,
  type TlsOptions,
  type VerifyTypes,
} from './config.js';
export type { ContentChunk, RequestContent, RequestData, SyncRequestContent } from './content.js';
export {
  type Cookie,
  type CookieJar,
  type CookieScope,
  Cookies,
  type CookieTypes,
  type SameSite,
  type ToughCookieJar,
} from './cookies.js';
export type { ConnectionMessage, ErrorMessage, RequestMessage, ResponseMessage } from './diagnostics.js';
export type { ForEitherClient, TakenByClient } from './either-client.js';
export {
  ClientClosed,
  CloseError,
  ConnectError,
  ConnectTimeout,
  CookieConflict,
  DecodingError,
  type ErrorCode,
  HTTPError,
  HTTPStatusError,
  InvalidURL,
  LoadError,
  LocalProtocolError,
  NetworkError,
  type Phase,
  PoolTimeout,
  ProtocolError,
  ProxyError,
  ReadError,
  ReadTimeout,
  RemoteProtocolError,
  RequestError,
  RequestNotRead,
  ResponseNotRead,
  type Sent,
  StreamClosed,
  StreamConsumed,
  StreamError,
  TimeoutException,
  TooManyRedirects,
  TotalTimeout,
  TransportError,
  UnsupportedProtocol,
  WriteError,
  WriteTimeout,
} from './exceptions.js';
export { type GetListOptions, type HeaderEncoding, Headers, type HeadersOptions, type HeaderTypes } from './headers.js';
export type { MaybePromise, Resolve, SyncResolve } from './hosts/socket.js';
export type { Link } from './links.js';
export type { FileContent, RequestFile, RequestFiles } from './multipart.js';
export type { SocketOptions } from './network-options.js';
export { NetworkStream, type NetworkStreamOptions, type SyncNetworkStream } from './network-stream.js';
export {
  type AsyncClientOptions,
  type BodyCallOptions,
  type BodyFunctionOptions,
  type CallOptions,
  type ClientOptions,
  type EventHooks,
  type FunctionOptions,
  type RequestHook,
  type ResponseHook,
  type SendOptions,
  type SyncEventHooks,
  type SyncRequestHook,
  type SyncResponseHook,
  USE_CLIENT_DEFAULT,
} from './options.js';
export { Proxy, type ProxyFields, type ProxyOptions, type ProxyTypes } from './proxy.js';
export { type PrimitiveData, QueryParams, type QueryParamTypes } from './query-params.js';
export type { Timings } from './received.js';
export {
  type AsyncRequest,
  Request,
  type RequestExtensions,
  type RequestOptions,
  type SyncRequest,
} from './request.js';
export {
  type AsyncResponse,
  type DefaultEncoding,
  Response,
  type ResponseExtensions,
  type SyncResponse,
  type SyncResponseExtensions,
} from './response.js';
export type { ResponseOptions } from './response-options.js';
export type { StartTlsOptions } from './start-tls.js';
export { codes, type StatusCodes } from './status.js';
export type { ToldError } from './told-error.js';
export type { TracedConnection, TraceFunction, TraceInfo } from './trace.js';
export { AsyncBaseTransport, BaseTransport } from './transports/base.js';
export { FetchTransport, type FetchTransportOptions } from './transports/fetch.js';
export {
  type FetchHandler,
  type HandlerApp,
  HandlerTransport,
  type HandlerTransportOptions,
} from './transports/handler.js';
export { AsyncHTTPTransport, HTTPTransport, type HTTPTransportOptions } from './transports/http.js';
export { MockTransport } from './transports/mock.js';
export { Origin, URL, type URLComponents, type URLTypes } from './url.js';
