/**
 * The boundary of a form, as the caller's Content-Type names it (RFC 9110 §5.6.6, RFC 2046 §5.1.1), and how one that it does
 * not name is added. Quotes are heeded: what they enclose is no parameter. Knows nothing of the form's parts.
 */
import { LocalProtocolError } from './exceptions.js';

/** What a Content-Type says: its boundary, the first one if any, and itself without boundaries and semicolons at its end. */
export interface NamedBoundary {
  readonly boundary: string | null;
  readonly contentType: string;
}

const FORM = /^[ \t]*multipart\/form-data[ \t]*(?=;|$)/i;
/** A parameter with the semicolon before it, or a semicolon alone. */
const PARAMETER = /;[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^;"\s]*))[ \t]*)?/y;
/** The last character is no space. */
const BOUNDARY = /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/;

/**
 * The boundary in the Content-Type of a form; `null` for other types, which say nothing about it.
 * @throws LocalProtocolError for parameters that are none, and for a boundary that no form may have
 */
export function boundaryIn(contentType: string): NamedBoundary | null {
  const type = FORM.exec(contentType)?.[0];
  if (type === undefined) return null;
  let kept = type;
  let boundary: string | null = null;
  for (let at = type.length; at < contentType.length; at = PARAMETER.lastIndex) {
    PARAMETER.lastIndex = at;
    const parameter = PARAMETER.exec(contentType);
    if (parameter === null) throw refused(contentType, `expected parameters as in '; name=value' at index ${at}`);
    const [text, name, quoted, plain] = parameter;
    const value = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    if (name?.toLowerCase() !== 'boundary') kept += text;
    else if (value !== undefined && value !== '') boundary ??= checked(value, contentType);
  }
  return { boundary, contentType: kept.replace(/[ \t;]+$/, '') };
}

/** @throws LocalProtocolError */
function checked(boundary: string, contentType: string): string {
  if (BOUNDARY.test(boundary)) return boundary;
  throw refused(
    contentType,
    `expected a boundary of 1 to 70 characters, letters, digits, spaces but at its end and '()+_,-./:=? (RFC 2046 §5.1.1)`,
  );
}

function refused(contentType: string, why: string): LocalProtocolError {
  return new LocalProtocolError(`Cannot encode the form for Content-Type ${JSON.stringify(contentType)}: ${why}`);
}
