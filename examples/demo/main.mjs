// `npm run demo`: one client against servers of its own, in scenes. Exit code 0 only if each came out as it should.
import { scenes } from './scenes.mjs';
import { heading, verdict } from './screen.mjs';
import { startServers } from './servers.mjs';

const servers = await startServers();
let wrong = 0;
try {
  for (const { title, run } of scenes) {
    heading(title);
    try {
      verdict(true, await run(servers));
    } catch (error) {
      wrong += 1;
      verdict(false, error?.stack ?? String(error));
    }
  }
} finally {
  await servers.close();
}
console.log(`\n${scenes.length - wrong} of ${scenes.length} scenes came out as they should.`);
process.exitCode = wrong === 0 ? 0 : 1;
