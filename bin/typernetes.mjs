#!/usr/bin/env node
// Starts bin/main.ts with a Node that runs TypeScript. Plain JavaScript, so that an older Node can read it.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(realpathSync(fileURLToPath(import.meta.url)));
const main = path.join(here, 'main.ts');
const requiredMajor = 24;

function newerNode() {
  for (let directory = here; ; directory = path.dirname(directory)) {
    const candidate = path.join(directory, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
    if (existsSync(candidate)) return candidate;
    if (path.dirname(directory) === directory) return undefined;
  }
}

if (Number(process.versions.node.split('.')[0]) >= requiredMajor) {
  module.enableCompileCache?.();
  await import(main);
} else {
  const node = newerNode();
  if (node === undefined) {
    console.error(
      `typernetes needs Node ${requiredMajor} or newer and this is ${process.version}: run "npm install" in the repository (it brings one for Linux) or install Node ${requiredMajor}.`,
    );
    process.exit(1);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
