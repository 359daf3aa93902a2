/**
 * One start, a process of its own: imports one client and makes its first request. Prints { wallMs, cpuUs, rssOctets }.
 * It has no IPC channel and imports next to nothing, so that whatever a client loads is counted: an IPC channel would
 * have loaded Node's sockets already. Configured by one JSON word.
 */
import { writeSync } from 'node:fs';
import { Expected } from './expected.mjs';

const task = JSON.parse(process.argv[2]);
const expected = new Expected(task.expectation);
const rss = process.memoryUsage.rss();
const cpu = process.cpuUsage();
const at = performance.now();

const { open } = await import(`./peers/${task.module}.mjs`);
const peer = await open(task);
await peer.get(expected);

const wallMs = performance.now() - at;
const { user, system } = process.cpuUsage(cpu);
const rssOctets = process.memoryUsage.rss() - rss;
writeSync(1, JSON.stringify({ wallMs, cpuUs: user + system, rssOctets }));
process.exit();
