/** Reads [position, end) of a module. */
export class Reader {
  constructor(octets: Uint8Array, position?: number, end?: number);
  position: number;
  byte(): number;
}
