// Finds the Node that runs TypeScript directly (24 or newer). Plain JavaScript: an older Node must be able to read it.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const requiredMajor = 24;

/** Absolute path of a Node executable that is new enough; throws with the remedy where there is none. */
export function nodeExecutable() {
  if (Number(process.versions.node.split('.')[0]) >= requiredMajor) return process.execPath;
  const bundled = path.join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(bundled)) return bundled;
  throw new Error(
    `Node ${requiredMajor} or newer is needed and this is ${process.version}: run "npm install" in ${root} ` +
      `(it brings one for Linux), or install Node ${requiredMajor}.`,
  );
}
