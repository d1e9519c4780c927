// The programs that tests need beside Node, installed as root on Debian and Ubuntu; elsewhere only looked for.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const programs = [
  { program: 'etcd', package: 'etcd-server' },
  { program: 'containerd', package: 'containerd' },
  { program: 'runc', package: 'runc' },
  { program: 'nft', package: 'nftables' },
  { program: 'conntrack', package: 'conntrack' },
  { program: 'ip', package: 'iproute2' },
  { program: 'mount', package: 'mount' },
  { program: 'busybox', package: 'busybox-static' },
];

export function findProgram(name) {
  const folders = [
    ...(process.env.PATH ?? '').split(path.delimiter),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/usr/bin',
    '/bin',
  ];
  return folders
    .map((folder) => path.join(folder, name))
    .find((candidate) => {
      try {
        accessSync(candidate, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

function missingPackages() {
  const missing = programs.filter(({ program }) => findProgram(program) === undefined).map((entry) => entry.package);
  if (!['/usr/lib/cni/bridge', '/opt/cni/bin/bridge'].some(existsSync)) missing.push('containernetworking-plugins');
  return missing;
}

/** Resolves to the packages that are still missing. */
export function installSystemPackages() {
  const missing = missingPackages();
  if (missing.length === 0 || process.platform !== 'linux') return missing;
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  if (process.getuid?.() !== 0 || !/^ID(_LIKE)?=.*(debian|ubuntu)/m.test(release)) return missing;
  console.log(`Installing system packages: ${missing.join(' ')}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (args) =>
    spawnSync('apt-get', ['-o', 'Acquire::Retries=3', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: environment,
    }).status === 0;
  if (!run(['update', '-q']) || !run(['install', '-y', '-q', '--no-install-recommends', ...missing])) {
    console.error('apt-get could not install everything; tests that need what is missing are skipped');
  }
  return missingPackages();
}
