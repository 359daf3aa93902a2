// A component whose imports get their names late. componentize-qjs runs the guest once while it makes a component, and has
// some of WASI there, but not wasi:http, whose streams would then be of two kinds. Under a name that nobody knows all of it
// is absent alike; here it is given its own. Only what the component imports is named: what is inside refers to it by
// number.

/** The section of imports (Component Model, Binary.md). */
const IMPORTS = 10;
const PREAMBLE_OCTETS = 8;

/** An unsigned LEB128 number, and where it ends. */
function numberAt(octets, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const octet = octets[at++];
    value |= (octet & 127) << shift;
    if (octet < 128) return [value >>> 0, at];
  }
}

/** Each `from` in the imports of the component, a Buffer, made `to`, in place: of one length, so that no size changes. */
export function renamed(component, from, to) {
  if (from.length !== to.length) throw new Error(`Cannot rename ${from}: ${to} has another length`);
  for (let at = PREAMBLE_OCTETS; at < component.length; ) {
    const [size, start] = numberAt(component, at + 1);
    const section = component.subarray(start, start + size);
    const places = component[at] === IMPORTS ? section : '';
    for (let found = places.indexOf(from); found >= 0; found = places.indexOf(from, found)) section.write(to, found);
    at = start + size;
  }
  return component;
}
