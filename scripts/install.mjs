// Brings the work tree to the state that the lock file names: npm packages, and what is generated from the spec.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { nodeExecutable, root } from './toolchain.mjs';

const stamp = path.join(root, 'node_modules', '.typernetes-install');

/** Runs a program in the repository, its output shown; throws where it fails. */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) throw result.error;
  if (result.status !== 0)
    throw new Error(`${[command, ...args].join(' ')} failed (exit code ${result.status ?? result.signal})`);
}

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
}

/** npm ci when the lock file changed since the last time, and the generator, which skips what is up to date. */
export function install() {
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lockDigest()) {
    console.log('Installing npm packages (once; about half a minute)…');
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']);
    mkdirSync(path.dirname(stamp), { recursive: true });
    writeFileSync(stamp, lockDigest());
  }
  run(nodeExecutable(), ['scripts/generate.mjs']);
}

/** What `typernetes` starts from. Without it everything runs from the sources, only later. */
export function bundle() {
  run(nodeExecutable(), ['scripts/bundle.mjs']);
}
