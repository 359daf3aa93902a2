/** User and password as the Basic scheme sends them (RFC 7617), in UTF-8. */
export function basicCredentials(username: string, password: string): string {
  const octets = new TextEncoder().encode(`${username}:${password}`);
  let latin1 = '';
  for (const octet of octets) latin1 += String.fromCharCode(octet);
  return `Basic ${btoa(latin1)}`;
}
