// Finds kubectl, or takes one from a later Debian suite than the machine's (whose own is years old) into .cache/.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from './system-packages.mjs';
import { root } from './toolchain.mjs';

const suite = 'trixie';
const cache = path.join(root, '.cache', 'kubectl');
const fetched = path.join(cache, 'root', 'usr', 'bin', 'kubectl');

/** Path of a kubectl; undefined where there is none and none can be had. */
export function ensureKubectl() {
  const present = findProgram('kubectl') ?? (existsSync(fetched) ? fetched : undefined);
  if (present !== undefined) return present;
  const uri = debianMirror();
  if (uri === undefined || process.getuid?.() !== 0 || findProgram('apt-get') === undefined) return undefined;
  console.log(`Fetching kubectl from Debian ${suite}`);
  for (const folder of ['lists/partial', 'archives/partial']) mkdirSync(path.join(cache, folder), { recursive: true });
  const sources = path.join(cache, 'debian.sources');
  writeFileSync(
    sources,
    `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`,
  );
  const apt = (args, cwd) =>
    spawnSync(
      'apt-get',
      [
        '-q',
        '-o',
        `Dir::Etc::sourcelist=${sources}`,
        '-o',
        'Dir::Etc::sourceparts=-',
        '-o',
        `Dir::State::lists=${cache}/lists`,
        '-o',
        'Dir::State::status=/dev/null',
        '-o',
        'APT::Sandbox::User=root',
        ...args,
      ],
      { stdio: ['ignore', 'ignore', 'inherit'], cwd },
    ).status === 0;
  if (!apt(['update'], cache) || !apt(['download', 'kubectl'], path.join(cache, 'archives'))) return undefined;
  const archive = readdirSync(path.join(cache, 'archives')).find((name) => name.endsWith('.deb'));
  if (archive === undefined) return undefined;
  const unpacked = spawnSync('dpkg-deb', ['-x', path.join(cache, 'archives', archive), path.join(cache, 'root')], {
    stdio: 'inherit',
  });
  for (const folder of ['lists', 'archives']) rmSync(path.join(cache, folder), { recursive: true, force: true });
  return unpacked.status === 0 && existsSync(fetched) ? fetched : undefined;
}

/** Where this machine gets Debian's packages from: the first URI of its own sources. */
function debianMirror() {
  const file = '/etc/apt/sources.list.d/debian.sources';
  if (existsSync(file)) return /^URIs:\s*(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1];
  const list = '/etc/apt/sources.list';
  return existsSync(list) ? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/m.exec(readFileSync(list, 'utf8'))?.[1] : undefined;
}
