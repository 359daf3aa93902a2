/**
 * Status codes by name, with their reason phrases (httpx's table: RFC 9110 §15 and the registry, under the names Python
 * gives them). Names are found in upper and in lower case, and listed in upper case; the object has no prototype, so that no
 * other name is found on it.
 */

const TABLE = [
  [100, 'Continue'],
  [101, 'Switching Protocols'],
  [102, 'Processing'],
  [103, 'Early Hints'],
  [200, 'OK'],
  [201, 'Created'],
  [202, 'Accepted'],
  [203, 'Non-Authoritative Information'],
  [204, 'No Content'],
  [205, 'Reset Content'],
  [206, 'Partial Content'],
  [207, 'Multi-Status'],
  [208, 'Already Reported'],
  [226, 'IM Used'],
  [300, 'Multiple Choices'],
  [301, 'Moved Permanently'],
  [302, 'Found'],
  [303, 'See Other'],
  [304, 'Not Modified'],
  [305, 'Use Proxy'],
  [307, 'Temporary Redirect'],
  [308, 'Permanent Redirect'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [402, 'Payment Required'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [406, 'Not Acceptable'],
  [407, 'Proxy Authentication Required'],
  [408, 'Request Timeout'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [411, 'Length Required'],
  [412, 'Precondition Failed'],
  [413, 'Request Entity Too Large'],
  [414, 'Request-URI Too Long'],
  [415, 'Unsupported Media Type'],
  [416, 'Requested Range Not Satisfiable'],
  [417, 'Expectation Failed'],
  [418, "I'm a teapot"],
  [421, 'Misdirected Request'],
  [422, 'Unprocessable Entity'],
  [423, 'Locked'],
  [424, 'Failed Dependency'],
  [425, 'Too Early'],
  [426, 'Upgrade Required'],
  [428, 'Precondition Required'],
  [429, 'Too Many Requests'],
  [431, 'Request Header Fields Too Large'],
  [451, 'Unavailable For Legal Reasons'],
  [500, 'Internal Server Error'],
  [501, 'Not Implemented'],
  [502, 'Bad Gateway'],
  [503, 'Service Unavailable'],
  [504, 'Gateway Timeout'],
  [505, 'HTTP Version Not Supported'],
  [506, 'Variant Also Negotiates'],
  [507, 'Insufficient Storage'],
  [508, 'Loop Detected'],
  [510, 'Not Extended'],
  [511, 'Network Authentication Required'],
] as const;

type Entry = (typeof TABLE)[number];

/** An underscore takes the place of spaces and hyphens; an apostrophe is left out. */
type Joined<P extends string> = P extends `${infer A} ${infer B}`
  ? `${Joined<A>}_${Joined<B>}`
  : P extends `${infer A}-${infer B}`
    ? `${A}_${B}`
    : P extends `${infer A}'${infer B}`
      ? `${A}${B}`
      : P;

/** The name that belongs to a phrase. */
type NameOf<P extends string> = Uppercase<Joined<P>>;

/** Names of the status codes. */
export type StatusName = NameOf<Entry[1]>;

type Numbers = { readonly [E in Entry as NameOf<E[1]> | Lowercase<NameOf<E[1]>>]: E[0] };

/** The table and its questions. */
export interface StatusCodes extends Numbers {
  /** The phrase that belongs to a status code; empty if it is not in the table. */
  getReasonPhrase(status: number): string;
  /** 1xx. */
  isInformational(status: number): boolean;
  /** 2xx. */
  isSuccess(status: number): boolean;
  /** 3xx. */
  isRedirect(status: number): boolean;
  /** 4xx. */
  isClientError(status: number): boolean;
  /** 5xx. */
  isServerError(status: number): boolean;
  /** 4xx or 5xx. */
  isError(status: number): boolean;
}

const phrases: ReadonlyMap<number, string> = new Map(TABLE);

function made(): StatusCodes {
  const all: Record<string, unknown> = Object.create(null);
  for (const [status, phrase] of TABLE) {
    const name = phrase.toUpperCase().replace("'", '').replace(/\W/g, '_');
    all[name] = status;
    Object.defineProperty(all, name.toLowerCase(), { value: status });
  }
  const questions: Omit<StatusCodes, keyof Numbers> = {
    getReasonPhrase: (status) => phrases.get(status) ?? '',
    isInformational: (status) => status >= 100 && status <= 199,
    isSuccess: (status) => status >= 200 && status <= 299,
    isRedirect: (status) => status >= 300 && status <= 399,
    isClientError: (status) => status >= 400 && status <= 499,
    isServerError: (status) => status >= 500 && status <= 599,
    isError: (status) => status >= 400 && status <= 599,
  };
  for (const [name, question] of Object.entries(questions)) {
    Object.defineProperty(all, name, { value: question });
  }
  return Object.freeze(all) as unknown as StatusCodes;
}

/** Status codes by name: `codes.NOT_FOUND` is 404, `codes.getReasonPhrase(404)` is 'Not Found'. */
export const codes: StatusCodes = made();
