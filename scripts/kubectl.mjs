// Finds kubectl, or takes one from Debian into .cache/.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { unpackDebian } from './debian.mjs';
import { findProgram } from './system-packages.mjs';
import { root } from './toolchain.mjs';

const cache = path.join(root, '.cache', 'kubectl');
const fetched = path.join(cache, 'root', 'usr', 'bin', 'kubectl');

/** Path of a kubectl; undefined where there is none and none can be had. */
export function ensureKubectl() {
  const present = findProgram('kubectl') ?? (existsSync(fetched) ? fetched : undefined);
  if (present !== undefined) return present;
  return unpackDebian(cache, ['kubectl']) !== undefined && existsSync(fetched) ? fetched : undefined;
}
