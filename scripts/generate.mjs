// Makes openapi/generated from openapi/spec, when it is not up to date. Plain JavaScript: any Node may start it.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { nodeExecutable, root } from './toolchain.mjs';

const generator = path.join(root, 'openapi/generate/main.ts');
const { status, error } = spawnSync(nodeExecutable(), [generator, ...process.argv.slice(2)], { stdio: 'inherit' });
if (error) throw error;
process.exit(status ?? 1);
