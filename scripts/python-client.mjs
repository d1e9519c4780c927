// Finds the Python client for Kubernetes, or takes it from Debian, or from Python's own index, into .cache/.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { unpackDebian } from './debian.mjs';
import { findProgram } from './system-packages.mjs';
import { root } from './toolchain.mjs';

const cache = path.join(root, '.cache', 'python-client');
const fromDebian = path.join(cache, 'root', 'usr', 'lib', 'python3', 'dist-packages');
const fromIndex = path.join(cache, 'index');
const needed =
  'kubernetes yaml urllib3 dateutil websocket requests google-auth requests-oauthlib oauthlib six certifi pyasn1 ' +
  'pyasn1-modules rsa cachetools charset-normalizer idna';

/** What PYTHONPATH must hold for `import kubernetes`: '' for nothing, undefined where the client cannot be had. */
export function ensurePythonClient() {
  const python = findProgram('python3');
  if (python === undefined) return undefined;
  const works = (folder) =>
    spawnSync(python, ['-c', 'from kubernetes import client, config, dynamic, watch'], {
      stdio: 'ignore',
      env: { ...process.env, ...(folder === '' ? {} : { PYTHONPATH: folder }) },
    }).status === 0;
  const present = ['', fromDebian, fromIndex].find(works);
  if (present !== undefined) return present;
  unpackDebian(
    cache,
    needed.split(' ').map((name) => `python3-${name}`),
  );
  if (works(fromDebian)) return fromDebian;
  const options = ['--quiet', '--retries=0', '--disable-pip-version-check', `--target=${fromIndex}`];
  spawnSync(python, ['-m', 'pip', 'install', ...options, 'kubernetes'], { stdio: 'ignore', timeout: 120_000 });
  return works(fromIndex) ? fromIndex : undefined;
}
