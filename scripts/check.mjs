// npm run check: format, lint (types and import boundaries included) and types, side by side. Seconds.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { install } from './install.mjs';
import { nodeExecutable, root } from './toolchain.mjs';

install();

const tool = (...segments) => path.join(root, 'node_modules', ...segments);
const steps = [
  {
    name: 'format',
    command: process.execPath,
    args: [tool('@biomejs', 'biome', 'bin', 'biome'), 'ci', '--colors=off', '--max-diagnostics=20', '.'],
  },
  {
    name: 'lint',
    command: process.execPath,
    args: [tool('oxlint', 'bin', 'oxlint'), '--type-aware', '--deny-warnings'],
  },
  { name: 'types', command: nodeExecutable(), args: [tool('typescript', 'bin', 'tsc'), '-p', '.'] },
];

function runStep(step) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(step.command, step.args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${step.name} (${seconds} s)`);
      if (code !== 0) process.stdout.write(Buffer.concat(output));
      resolve(code === 0);
    });
  });
}

const results = [];
for (const step of steps) results.push(await runStep(step));
process.exit(results.every(Boolean) ? 0 : 1);
