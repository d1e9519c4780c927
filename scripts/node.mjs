// Runs a TypeScript program with a new enough Node: the one that runs this, or the one that npm installed.
import { spawn } from 'node:child_process';
import { nodeExecutable } from './toolchain.mjs';

const child = spawn(nodeExecutable(), process.argv.slice(2), { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
