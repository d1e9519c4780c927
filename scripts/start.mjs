// npm start: installs what the repository needs, then runs `typernetes up` with the arguments after `--`.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { bundle, install } from './install.mjs';
import { nodeExecutable, root } from './toolchain.mjs';

try {
  install();
} catch (error) {
  console.error(`npm start: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
try {
  bundle();
} catch (error) {
  console.error(`npm start: starting from the sources: ${error instanceof Error ? error.message : String(error)}`);
}

const child = spawn(nodeExecutable(), [path.join(root, 'bin', 'typernetes.mjs'), 'up', ...process.argv.slice(2)], {
  stdio: 'inherit',
});
// A terminal's Ctrl-C reaches the child by itself, too; it ends once, however often it is told.
process.on('SIGINT', () => child.kill('SIGINT'));
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
