#!/usr/bin/env node
// Starts bin/main.ts with a Node that runs TypeScript. Plain JavaScript, so that an older Node can read it.
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleDirectory, cacheDirectory, freshBundle } from './bundle.mjs';

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

/** A debugger shows the files that were written. */
function wantsSources() {
  const { TYPERNETES_SOURCES, VSCODE_INSPECTOR_OPTIONS } = process.env;
  const inspected = process.execArgv.some((argument) => argument.startsWith('--inspect'));
  return inspected || Boolean(TYPERNETES_SOURCES) || Boolean(VSCODE_INSPECTOR_OPTIONS);
}

/** Components start from what their supervisor started from, which they hear through the environment. */
function entry() {
  if (wantsSources()) return main;
  const inherited = process.env.TYPERNETES_ENTRY;
  if (inherited?.startsWith(bundleDirectory + path.sep) && existsSync(inherited)) return inherited;
  const bundle = freshBundle();
  if (bundle !== undefined) process.env.TYPERNETES_ENTRY = bundle;
  return bundle ?? main;
}

/** Node keeps one per user below it; undefined means its default in the directory for temporary files. */
function compileCache() {
  try {
    accessSync(cacheDirectory, constants.W_OK);
    return path.join(cacheDirectory, 'compile');
  } catch {
    return process.env.NODE_COMPILE_CACHE;
  }
}

if (Number(process.versions.node.split('.')[0]) >= requiredMajor) {
  module.enableCompileCache?.(compileCache());
  await import(pathToFileURL(entry()).href);
} else {
  const node = newerNode();
  if (node === undefined) {
    console.error(
      `typernetes needs Node ${requiredMajor} or newer and this is ${process.version}: run "npm install" in the repository (it brings one for Linux) or install Node ${requiredMajor}.`,
    );
    process.exit(1);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.on('SIGINT', () => child.kill('SIGINT'));
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
}
