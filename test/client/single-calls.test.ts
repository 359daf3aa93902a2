/** What a single call leaves behind: the functions of the module, and transports that are used without a client. */
import { describe, expect, test } from 'vitest';
import { AsyncHTTPTransport, HTTPTransport, Request } from '../../src/index.js';
import { clients } from '../support/clients.js';
import { dialogue } from '../support/dialogue.js';
import { answer } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

describe.each(clients)('beside $name', (kind) => {
  test('a function that gets 101 leaves no connection behind; stream hands it out', async () => {
    const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n';
    const server = await serve([dialogue().hear().say(switching).stall(), dialogue().hear().say(switching).stall()]);
    const headers = { Connection: 'Upgrade', Upgrade: 'echo' };
    expect((await kind.functions.get(server.url, { headers })).statusCode).toBe(101);
    await server.emptied();
    const response = await kind.functions.stream('GET', server.url, { headers });
    expect(server.openSockets).toBe(1);
    await kind.close(response);
    await server.emptied();
  });

  test('a transport used without a client sends nothing of the credentials in a URL: who sends is the client’s to say', async () => {
    const server = await serve([dialogue().hear().say(answer('ok'))]);
    const request = new Request('GET', server.url.replace('//', '//user:secret@'));
    const asynchronous = new AsyncHTTPTransport();
    const blocking = new HTTPTransport();
    const response =
      kind.name === 'Client' ? blocking.handleRequest(request) : await asynchronous.handleAsyncRequest(request);
    expect(new TextDecoder().decode(await kind.read(response))).toBe('ok');
    expect(server.peer(0).heads.join()).not.toMatch(/user|secret|authorization/i);
    await asynchronous.aclose();
    blocking.close();
  });
});
