/** Octets of blocking sockets: all of them, in order, both ways, with limits; the ends; and who waits for what. */
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openConnector } from '#blocking';
import { ReadError, WriteError } from '../../src/exceptions.js';
import { IN_OCTETS } from '../../src/hosts/blocking-protocol.js';
import { STOP } from '../../src/hosts/socket.js';
import { connectTo as connectWith, goneFrom, type Line, settled, waitUntil } from '../support/blocking.js';
import { dialogue } from '../support/dialogue.js';
import { octetsOf, patternOf, textOf } from '../support/octets.js';
import { serve } from '../support/scripted-server.js';

/** More than all buffers between the two ends hold. */
const MUCH = 24 * 1024 * 1024;
/** What the rings, the worker and the kernels may hold of one direction. */
const HELD_MAX = 16 * 1024 * 1024;

const shared = openConnector();
afterAll(() => shared.close());

function connectTo(port: number, more = {}, connector = shared): Line {
  return connectWith(port, more, connector);
}

function ends(line: Line): boolean {
  return line.heard.ends.length > 0;
}

describe('what comes', () => {
  test('is delivered inside wait, in order, and then the end', async () => {
    const server = await serve(dialogue().say('one').say('two').fin());
    const line = connectTo(server.port);
    waitUntil(line, () => ends(line));
    expect(line.heard.text).toBe('onetwo');
    expect(line.socket.wait(10)).toBe(false);
    expect(line.heard.ends).toEqual([null]);
  });

  test('is memory of one thread as soon as it is copied', async () => {
    const server = await serve(dialogue().say('abc').stall());
    const line = connectTo(server.port);
    let seen: Uint8Array | null = null;
    line.heard.onOctets = (bytes, length) => {
      seen = Uint8Array.prototype.slice.call(bytes, 0, length);
    };
    line.socket.wait(null);
    expect((seen as Uint8Array | null)?.buffer).toBeInstanceOf(ArrayBuffer);
    line.socket.close();
  });

  test('much of it is complete though it does not fit', async () => {
    const octets = patternOf(5 * 1024 * 1024 + 3);
    const server = await serve(dialogue().say(octets).fin());
    const line = connectTo(server.port);
    waitUntil(line, () => ends(line));
    expect(octetsOf(line.heard.octetsInAll).equals(octets)).toBe(true);
  });

  test('octet by octet, too', async () => {
    const server = await serve(dialogue().sayDripping('dripping', 0).fin());
    const line = connectTo(server.port);
    waitUntil(line, () => ends(line));
    expect(line.heard.text).toBe('dripping');
  });

  test('is not taken off a server while nobody waits', async () => {
    const server = await serve(dialogue().sayForever('x'));
    const line = connectTo(server.port);
    const taken = await server.takenAtRest();
    expect(taken).toBeLessThan(HELD_MAX);
    waitUntil(line, () => line.heard.octetsHeard > taken + 1024 * 1024);
    line.socket.close();
  });

  test('stays away after STOP until it is demanded, and wait times out meanwhile', async () => {
    const server = await serve(dialogue().say('one').hearOctets(1).say('two').fin());
    const line = connectTo(server.port);
    line.heard.answer = STOP;
    expect(line.socket.wait(null)).toBe(true);
    expect(line.heard.text).toBe('one');
    line.socket.write('x', null);
    await server.until(() => server.peer(0).finished);
    // The first may be woken by the end of the write, of which nobody needs to hear.
    while (line.socket.wait(20)) expect(line.heard.text).toBe('one');
    expect([line.heard.text, line.heard.ends]).toEqual(['one', []]);
    line.socket.demand();
    expect(line.socket.wait(null)).toBe(true);
    expect(line.heard.text).toBe('onetwo');
    line.socket.demand();
    waitUntil(line, () => ends(line));
  });

  test('a wait for nothing at all would never end: it is refused', async () => {
    const server = await serve(dialogue().say('one').stall());
    const line = connectTo(server.port);
    line.heard.answer = STOP;
    line.socket.wait(null);
    expect(() => line.socket.wait(null)).toThrow('nothing is being read or written');
    line.socket.close();
    expect(() => line.socket.wait(null)).toThrow('nothing is being read or written');
  });

  test('nothing for so long: false, not earlier, and no sleep is longer', async () => {
    const server = await serve(dialogue().stall());
    const line = connectTo(server.port);
    const slept = vi.spyOn(Atomics, 'wait');
    onTestFinished(() => slept.mockRestore());
    const from = performance.now();
    expect(line.socket.wait(60)).toBe(false);
    expect(performance.now() - from).toBeGreaterThanOrEqual(59);
    // `until - now` may round up.
    expect(Math.max(...slept.mock.calls.map(([, , , ms]) => ms ?? Number.POSITIVE_INFINITY))).toBeLessThan(60.5);
    line.socket.close();
  });

  test('is delivered before a failure is, also what had no room', async () => {
    const octets = patternOf(200_000);
    const server = await serve([dialogue().say(octets).hearOctets(1).reset(), dialogue().stall()]);
    const line = connectTo(server.port);
    const other = connectTo(server.port);
    line.socket.write('x', null);
    await server.until(() => server.octetsTaken === octets.length && server.openSockets === 1);
    // Each fence is a turn of the worker, in which it reads: it does until it has no more room.
    for (let turn = 0; turn < 16; turn++) expect(other.socket.wait(0)).toBe(false);
    // The worker, which has stopped reading, hears of the reset by this; and has when it has come past the fence.
    line.socket.write('y', null);
    expect(other.socket.wait(0)).toBe(false);
    waitUntil(line, () => line.heard.ends.some((error) => error !== null));
    const { octetsInAll } = line.heard;
    expect(octetsInAll.length).toBeGreaterThan(IN_OCTETS);
    expect(octetsOf(octetsInAll).equals(octets.subarray(0, octetsInAll.length))).toBe(true);
    other.socket.close();
  });

  test('a reset is a ReadError with the reason, after the octets before it', async () => {
    const server = await serve(dialogue().say('before').hearOctets(1).reset());
    const line = connectTo(server.port);
    waitUntil(line, () => line.heard.text === 'before');
    line.socket.write('x', null);
    waitUntil(line, () => ends(line));
    const [error] = line.heard.ends;
    expect(error).toBeInstanceOf(ReadError);
    expect(error?.message).toBe(`Cannot read from 127.0.0.1:${server.port}: read ECONNRESET`);
    expect(error?.cause).toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
    expect(line.socket.info('is_readable')).toBe(true);
  });
});

describe('what is sent', () => {
  test.each([
    ['a string, as Latin-1', 'h\xe9ad\xff\0', null, 'h\xe9ad\xff\0'],
    ['octets', Uint8Array.of(1, 2, 255), null, '\x01\x02\xff'],
    ['head and body', 'head', octetsOf('body'), 'headbody'],
    ['a body alone', '', octetsOf('body'), 'body'],
  ])('%s', async (_name, head, body, expected) => {
    const server = await serve(dialogue().hearInAll(expected.length).stall());
    const line = connectTo(server.port);
    expect(line.socket.write(head, body)).toBeUndefined();
    await server.until(() => server.octetsHeard === expected.length);
    expect(server.peer(0).text).toBe(expected);
    line.socket.close();
  });

  test('many writes leave unbroken and in order', async () => {
    const server = await serve(dialogue().stall());
    const line = connectTo(server.port);
    let expected = '';
    for (let i = 0; i < 300; i++) {
      line.socket.write(`<${i}>`, octetsOf('b'.repeat(i)));
      expected += `<${i}>${'b'.repeat(i)}`;
    }
    await server.until(() => server.octetsHeard === expected.length);
    expect(server.peer(0).text).toBe(expected);
    line.socket.close();
  });

  test('more than fits is taken as it leaves, and arrives whole', async () => {
    const head = textOf(patternOf(300_001));
    const body = patternOf(3 * 1024 * 1024 + 7);
    const server = await serve(
      dialogue()
        .hearInAll(head.length + body.length + 4)
        .say('.')
        .stall(),
    );
    const line = connectTo(server.port);
    const written = line.socket.write(head, body);
    const after = line.socket.write('last', null);
    expect([written, after]).not.toContain(undefined);
    settled(written);
    settled(after);
    waitUntil(line, () => line.heard.text === '.');
    expect(server.peer(0).octets.equals(Buffer.concat([octetsOf(head), body, octetsOf('last')]))).toBe(true);
    line.socket.close();
  });

  test('a deaf peer stops who sends, within bounds; what it then hears is whole', async () => {
    const server = await serve(dialogue().goDeaf().stall());
    const line = connectTo(server.port);
    await server.until(() => server.begun === 1);
    const piece = patternOf(65536);
    let sent = 0;
    let stuck = false;
    while (!stuck && sent < MUCH) {
      const written = line.socket.write('', piece);
      sent += piece.length;
      stuck = written !== undefined && !line.socket.wait(300);
    }
    expect(stuck).toBe(true);
    expect(sent).toBeLessThan(HELD_MAX);
    server.peer(0).hearAgain();
    await server.until(() => {
      line.socket.wait(10);
      return server.octetsHeard === sent;
    });
    const heard = server.peer(0).octets;
    for (let at = 0; at < sent; at += piece.length) {
      if (!heard.subarray(at, at + piece.length).equals(piece)) throw new Error(`Octets ${at} … are others`);
    }
    line.socket.close();
  });

  test('who waits for room hears what comes meanwhile', async () => {
    const server = await serve(dialogue().hearOctets(1).goDeaf().say('enough').stall());
    const line = connectTo(server.port);
    const written = line.socket.write(patternOf(MUCH), null);
    let isTaken = false;
    (written as PromiseLike<void>).then(() => {
      isTaken = true;
    });
    waitUntil(line, () => line.heard.text === 'enough');
    expect(isTaken).toBe(false);
    line.socket.close();
    server.peer(0).hearAgain();
    await goneFrom(server);
  });

  test('a write after the peer has spoken settles with the next wait, which delivers', async () => {
    const server = await serve(dialogue().say('one').hearOctets(1).say('two').stall());
    const line = connectTo(server.port);
    line.heard.answer = STOP;
    line.socket.wait(null);
    settled(line.socket.write('x', null));
    await server.until(() => server.octetsTaken === 6);
    expect(line.socket.wait(0)).toBe(false);
    const written = line.socket.write('y', null);
    expect(written).not.toBeUndefined();
    line.socket.demand();
    settled(written);
    expect(line.heard.text).toBe('onetwo');
    await server.until(() => server.octetsHeard === 2);
    line.socket.close();
  });

  test('to a peer that resets: WriteError or ReadError, and nothing is taken afterwards', async () => {
    const server = await serve(dialogue().hearOctets(1).reset());
    const line = connectTo(server.port);
    const failure = (): unknown => {
      try {
        for (let sent = 0; sent < MUCH && !ends(line); sent += 65536) settled(line.socket.write('', patternOf(65536)));
        return null;
      } catch (error) {
        return error;
      }
    };
    const error = failure();
    if (error !== null) expect(error).toBeInstanceOf(WriteError);
    waitUntil(line, () => ends(line));
    expect(line.heard.ends.at(-1)?.constructor.name).toMatch(/^(Read|Write)Error$/);
    const late = line.socket.write('late', null);
    expect(() => settled(late)).toThrow(/^Cannot send to 127\.0\.0\.1:\d+: /);
    expect(() => settled(line.socket.write('late', null))).toThrow(WriteError);
  });

  test('after close nothing is taken', async () => {
    const server = await serve(dialogue().stall());
    const line = connectTo(server.port);
    line.socket.close();
    line.socket.close();
    const place = `127.0.0.1:${server.port}`;
    expect(() => settled(line.socket.write('x', null))).toThrow(`Cannot send to ${place}: the connection was closed`);
    await goneFrom(server);
    expect(server.octetsHeard).toBe(0);
  });

  test('what was written just before close leaves', async () => {
    const server = await serve(dialogue().hearOctets(7).stall());
    const line = connectTo(server.port);
    line.socket.write('goodbye', null);
    line.socket.close();
    await goneFrom(server);
    expect(server.peer(0).text).toBe('goodbye');
  });
});

describe('the ends', () => {
  test('after ours the peer is still heard', async () => {
    const server = await serve(dialogue().hearEnd().say('and you').fin());
    const line = connectTo(server.port);
    line.socket.write('me', null);
    settled(line.socket.closeWrite());
    waitUntil(line, () => ends(line));
    expect([line.heard.text, server.peer(0).text, server.peer(0).clientClosedBy]).toEqual(['and you', 'me', 'fin']);
    line.socket.close();
  });

  test('ours leaves after all that was written, however much that is', async () => {
    const octets = patternOf(2 * 1024 * 1024);
    const server = await serve(dialogue().hearEnd().say('done').stall());
    const line = connectTo(server.port);
    line.socket.write(octets, null);
    settled(line.socket.closeWrite());
    waitUntil(line, () => line.heard.text === 'done');
    expect(server.octetsHeard).toBe(octets.length);
    line.socket.close();
  });

  test('after theirs we may go on sending', async () => {
    const server = await serve(dialogue().fin().hearInAll(5).stall());
    const line = connectTo(server.port);
    waitUntil(line, () => ends(line));
    settled(line.socket.write('still', null));
    await server.until(() => server.octetsHeard === 5);
    line.socket.close();
  });

  test('a socket that is closed is closed at the server, at once', async () => {
    const server = await serve(dialogue().stall());
    const line = connectTo(server.port);
    await server.until(() => server.openSockets === 1);
    line.socket.close();
    server.blockUntil(() => server.openSockets === 0);
  });

  test('addresses are known, the objects of the other thread are not', async () => {
    const server = await serve(dialogue().stall());
    const { socket } = connectTo(server.port);
    expect(socket.info('server_addr')).toEqual(['127.0.0.1', server.port]);
    expect(socket.info('client_addr')).toEqual(['127.0.0.1', expect.any(Number)]);
    expect(['socket', 'ssl_object', 'other'].map((name) => socket.info(name))).toEqual(Array(3).fill(undefined));
    expect([socket.info('is_readable'), socket.alpn, socket.blocking]).toEqual([false, null, true]);
    socket.close();
  });

  test('a connector that is closed closes its sockets, and who still uses one is told', async () => {
    const server = await serve(dialogue().say('unread').stall());
    const own = openConnector();
    const line = connectTo(server.port, {}, own);
    own.close();
    await goneFrom(server);
    const why = `The connection to 127.0.0.1:${server.port} was closed: the socket was closed on this side`;
    expect(() => settled(line.socket.write('x', null))).toThrow(why);
    expect(line.socket.wait(null)).toBe(true);
    expect([line.heard.text, line.heard.ends.map(String)]).toEqual(['', [`CloseError: ${why}`]]);
    expect(line.socket.closeWrite()).toBeUndefined();
  });
});
