/**
 * The grammar of heads, trailer sections and chunk lines as one table (RFC 9112 §2.2, §3, §4, §5, §7.1): rows are what
 * has been read so far, columns the class of the next octet (`CLASSES`). A cell is the row to go on with, a broken rule
 * (e…), or an action (a…) that must look at what was read. Nothing else decides what an octet may be, so every cut of
 * the input gives the same answer; wide scanners only shorten runs that stay in one row. Strict: CRLF alone ends a
 * line, no white space before a colon, no folded lines, no leading empty lines in responses, one SP where the grammar
 * has one.
 */
import {
  RULE_CHUNK_DATA_END,
  RULE_CHUNK_EXTENSION,
  RULE_CHUNK_LINE_END,
  RULE_CHUNK_SIZE,
  RULE_FIELD_COLON,
  RULE_FIELD_FOLDED,
  RULE_FIELD_NAME,
  RULE_FIELD_VALUE,
  RULE_LINE_END,
  RULE_METHOD,
  RULE_REASON,
  RULE_STATUS,
  RULE_TARGET,
  RULE_VERSION,
} from '../abi';

/** Octets of a row: 22 cells of two. A row is named by its distance from the first. */
const ROW: u16 = 44;

// ── rows ──
const LS: u16 = 0 * ROW; // a field line, or the empty line, begins
const NM: u16 = 1 * ROW; // in a field name
const VA: u16 = 2 * ROW; // in a field value
const VL: u16 = 3 * ROW; // LF after a field line
const EL: u16 = 4 * ROW; // LF of the empty line
const S0: u16 = 5 * ROW; // the status line begins: "HTTP/1." in S0 to S6
const S1: u16 = 6 * ROW;
const S2: u16 = 7 * ROW;
const S3: u16 = 8 * ROW;
const S4: u16 = 9 * ROW;
const S5: u16 = 10 * ROW;
const S6: u16 = 11 * ROW;
const S7: u16 = 12 * ROW; // minor version
const S8: u16 = 13 * ROW; // SP
const S9: u16 = 14 * ROW; // three digits of the status code
const SA: u16 = 15 * ROW;
const SB: u16 = 16 * ROW;
const SC: u16 = 17 * ROW; // SP or CR
const RE: u16 = 18 * ROW; // in the reason phrase
const SL: u16 = 19 * ROW; // LF after the status line
const M0: u16 = 20 * ROW; // a request line begins
const MC: u16 = 21 * ROW; // LF of an empty line before it
const ME: u16 = 22 * ROW; // in the method
const T0: u16 = 23 * ROW; // the target begins
const TA: u16 = 24 * ROW; // in the target
const R0: u16 = 25 * ROW; // "HTTP/1." in R0 to R6
const R1: u16 = 26 * ROW;
const R2: u16 = 27 * ROW;
const R3: u16 = 28 * ROW;
const R4: u16 = 29 * ROW;
const R5: u16 = 30 * ROW;
const R6: u16 = 31 * ROW;
const R7: u16 = 32 * ROW; // minor version
const R8: u16 = 33 * ROW; // CR
const RL: u16 = 34 * ROW; // LF after the request line
const C0: u16 = 35 * ROW; // a chunk size begins
const C1: u16 = 36 * ROW; // in a chunk size
const CL: u16 = 37 * ROW; // LF after a chunk line
const X0: u16 = 38 * ROW; // an extension name begins
const X1: u16 = 39 * ROW; // in an extension name
const X2: u16 = 40 * ROW; // blanks after it
const X3: u16 = 41 * ROW; // an extension value begins
const X4: u16 = 42 * ROW; // in a token value
const X5: u16 = 43 * ROW; // in a quoted value
const X6: u16 = 44 * ROW; // after its backslash
const X7: u16 = 45 * ROW; // after its closing quote
const XB: u16 = 46 * ROW; // blanks before ";"
const D0: u16 = 47 * ROW; // CR after chunk data
const D1: u16 = 48 * ROW; // LF after chunk data

// ── cells that name no row: the top bit, then a rule or an action ──
/** Cells from here on are no rows. */
export const STOP: u32 = 0x8000;
const RULE = 0x8000;
/** Cells from here on are actions; between STOP and here, STOP + rule. */
export const ACTION: u32 = 0xc000;
/** Colon after a field name. */
export const ACT_COLON: u32 = 0xc000;
/** LF of a field line. */
export const ACT_FIELD_LINE: u32 = 0xc001;
/** LF of a status line. */
export const ACT_STATUS_LINE: u32 = 0xc002;
/** LF of a request line. */
export const ACT_REQUEST_LINE: u32 = 0xc003;
/** Cells from ACTION up to here are actions within a section, which none of them ends. */
export const ACTION_WITHIN_LAST: u32 = 0xc003;
/** LF of an empty line before a request line. */
export const ACT_BLANK_LINE: u32 = 0xc004;
/** LF of the empty line that ends the section. */
export const ACT_SECTION_END: u32 = 0xc005;
/** Digit of a chunk size. */
export const ACT_SIZE_DIGIT: u32 = 0xc006;

const eV: u16 = <u16>(RULE | RULE_VERSION);
const eS: u16 = <u16>(RULE | RULE_STATUS);
const eR: u16 = <u16>(RULE | RULE_REASON);
const eL: u16 = <u16>(RULE | RULE_LINE_END);
const eN: u16 = <u16>(RULE | RULE_FIELD_NAME);
const eC: u16 = <u16>(RULE | RULE_FIELD_COLON);
const eF: u16 = <u16>(RULE | RULE_FIELD_FOLDED);
const eW: u16 = <u16>(RULE | RULE_FIELD_VALUE);
const eM: u16 = <u16>(RULE | RULE_METHOD);
const eT: u16 = <u16>(RULE | RULE_TARGET);
const eK: u16 = <u16>(RULE | RULE_CHUNK_SIZE);
const eX: u16 = <u16>(RULE | RULE_CHUNK_EXTENSION);
const eE: u16 = <u16>(RULE | RULE_CHUNK_LINE_END);
const eD: u16 = <u16>(RULE | RULE_CHUNK_DATA_END);
const aS: u16 = 0xc002;
const aR: u16 = 0xc003;
const aB: u16 = 0xc004;
const aC: u16 = 0xc000;
const aF: u16 = 0xc001;
const aE: u16 = 0xc005;
const aD: u16 = 0xc006;
const aK: u16 = 0xc007; // LF of a chunk line: any action but ACT_SIZE_DIGIT there

// biome-ignore format: a table
const TABLE: usize = memory.data<u16>([
  //     CTL LF  CR  HT  SP  obs "   del /   :   ;   =   \   tch .   0   1   2-9 A-F H   T   P
  /* LS */ eN, eL, EL, eF, eF, eN, eN, eN, eN, eN, eN, eN, eN, NM, NM, NM, NM, NM, NM, NM, NM, NM,
  /* NM */ eN, eC, eC, eC, eC, eN, eN, eN, eN, aC, eN, eN, eN, NM, NM, NM, NM, NM, NM, NM, NM, NM,
  /* VA */ eW, eL, VL, VA, VA, VA, VA, VA, VA, VA, VA, VA, VA, VA, VA, VA, VA, VA, VA, VA, VA, VA,
  /* VL */ eL, aF, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL,
  /* EL */ eL, aE, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL,
  /* S0 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, S1, eV, eV,
  /* S1 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, S2, eV,
  /* S2 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, S3, eV,
  /* S3 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, S4,
  /* S4 */ eV, eV, eV, eV, eV, eV, eV, eV, S5, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV,
  /* S5 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, S6, eV, eV, eV, eV, eV,
  /* S6 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, S7, eV, eV, eV, eV, eV, eV, eV,
  /* S7 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, S8, S8, S8, eV, eV, eV, eV,
  /* S8 */ eV, eV, eV, eV, S9, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV,
  /* S9 */ eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, SA, SA, eS, eS, eS, eS,
  /* SA */ eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, SB, SB, SB, eS, eS, eS, eS,
  /* SB */ eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, SC, SC, SC, eS, eS, eS, eS,
  /* SC */ eS, eS, SL, eS, RE, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS, eS,
  /* RE */ eR, eL, SL, RE, RE, RE, RE, RE, RE, RE, RE, RE, RE, RE, RE, RE, RE, RE, RE, RE, RE, RE,
  /* SL */ eL, aS, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL,
  /* M0 */ eM, eM, MC, eM, eM, eM, eM, eM, eM, eM, eM, eM, eM, ME, ME, ME, ME, ME, ME, ME, ME, ME,
  /* MC */ eL, aB, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL,
  /* ME */ eM, eM, eM, eM, T0, eM, eM, eM, eM, eM, eM, eM, eM, ME, ME, ME, ME, ME, ME, ME, ME, ME,
  /* T0 */ eT, eT, eT, eT, eT, eT, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA,
  /* TA */ eT, eT, eT, eT, R0, eT, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA, TA,
  /* R0 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, R1, eV, eV,
  /* R1 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, R2, eV,
  /* R2 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, R3, eV,
  /* R3 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, R4,
  /* R4 */ eV, eV, eV, eV, eV, eV, eV, eV, R5, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV,
  /* R5 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, R6, eV, eV, eV, eV, eV,
  /* R6 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, R7, eV, eV, eV, eV, eV, eV, eV,
  /* R7 */ eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, R8, R8, R8, eV, eV, eV, eV,
  /* R8 */ eV, eV, RL, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV, eV,
  /* RL */ eL, aR, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL, eL,
  /* C0 */ eK, eK, eK, eK, eK, eK, eK, eK, eK, eK, eK, eK, eK, eK, eK, aD, aD, aD, aD, eK, eK, eK,
  /* C1 */ eK, eK, CL, XB, XB, eK, eK, eK, eK, eK, X0, eK, eK, eK, eK, aD, aD, aD, aD, eK, eK, eK,
  /* CL */ eE, aK, eE, eE, eE, eE, eE, eE, eE, eE, eE, eE, eE, eE, eE, eE, eE, eE, eE, eE, eE, eE,
  /* X0 */ eX, eX, eX, X0, X0, eX, eX, eX, eX, eX, eX, eX, eX, X1, X1, X1, X1, X1, X1, X1, X1, X1,
  /* X1 */ eX, eX, CL, X2, X2, eX, eX, eX, eX, eX, X0, X3, eX, X1, X1, X1, X1, X1, X1, X1, X1, X1,
  /* X2 */ eX, eX, eX, X2, X2, eX, eX, eX, eX, eX, X0, X3, eX, eX, eX, eX, eX, eX, eX, eX, eX, eX,
  /* X3 */ eX, eX, eX, X3, X3, eX, X5, eX, eX, eX, eX, eX, eX, X4, X4, X4, X4, X4, X4, X4, X4, X4,
  /* X4 */ eX, eX, CL, XB, XB, eX, eX, eX, eX, eX, X0, eX, eX, X4, X4, X4, X4, X4, X4, X4, X4, X4,
  /* X5 */ eX, eX, eX, X5, X5, X5, X7, X5, X5, X5, X5, X5, X6, X5, X5, X5, X5, X5, X5, X5, X5, X5,
  /* X6 */ eX, eX, eX, X5, X5, X5, X5, X5, X5, X5, X5, X5, X5, X5, X5, X5, X5, X5, X5, X5, X5, X5,
  /* X7 */ eX, eX, CL, XB, XB, eX, eX, eX, eX, eX, X0, eX, eX, eX, eX, eX, eX, eX, eX, eX, eX, eX,
  /* XB */ eX, eX, eX, XB, XB, eX, eX, eX, eX, eX, X0, eX, eX, eX, eX, eX, eX, eX, eX, eX, eX, eX,
  /* D0 */ eD, eD, D1, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD,
  /* D1 */ eD, C0, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD, eD,
]);

// ── rows that the readers know by name ──
export const LINE_START: u32 = LS;
export const NAME: u32 = NM;
export const VALUE: u32 = VA;
export const STATUS_LINE: u32 = S0;
export const STATUS_CODE_READ: u32 = SC;
export const REASON: u32 = RE;
export const REQUEST_LINE: u32 = M0;
export const CHUNK_SIZE: u32 = C0;
export const CHUNK_DIGITS: u32 = C1;
export const CHUNK_DATA_END: u32 = D0;

/** The cell in `row` for an octet of class `octetClass`. */
export function cellOf(row: u32, octetClass: u32): u32 {
  return load<u16>(row + octetClass, TABLE); // SAFE: rows and classes come from these tables alone
}

/** True while a chunk line is past its size: what is read there counts as overhead. */
export function isInExtension(row: u32): bool {
  return row >= <u32>X0 && row <= <u32>XB;
}
