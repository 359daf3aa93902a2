// Removes the folders named: what a build made before must not be packed with what it makes now.
import { rmSync } from 'node:fs';

for (const folder of process.argv.slice(2)) rmSync(folder, { recursive: true, force: true });
