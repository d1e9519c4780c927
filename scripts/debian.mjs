// Takes packages from a later Debian suite than the machine's, whose own are years old, and unpacks them without installing.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from './system-packages.mjs';

const suite = 'trixie';

/** The directory below `cache` with the files of all packages; undefined where they cannot be had. */
export function unpackDebian(cache, packages) {
  const uri = debianMirror();
  if (uri === undefined || process.getuid?.() !== 0 || findProgram('apt-get') === undefined) return undefined;
  console.log(`Fetching ${packages[0]} from Debian ${suite}`);
  for (const folder of ['lists/partial', 'archives/partial']) mkdirSync(path.join(cache, folder), { recursive: true });
  const sources = path.join(cache, 'debian.sources');
  writeFileSync(
    sources,
    `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`,
  );
  const settings = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${cache}/lists`,
    'Dir::State::status=/dev/null',
    'APT::Sandbox::User=root',
    'Acquire::Retries=3',
  ];
  const options = ['-q', ...settings.flatMap((setting) => ['-o', setting])];
  const archives = path.join(cache, 'archives');
  const apt = (args, cwd) =>
    spawnSync('apt-get', [...options, ...args], { stdio: ['ignore', 'ignore', 'inherit'], cwd }).status === 0;
  if (!apt(['update'], cache) || !apt(['download', ...packages], archives)) return undefined;
  const unpacked = path.join(cache, 'root');
  const complete = readdirSync(archives)
    .filter((name) => name.endsWith('.deb'))
    .every(
      (name) => spawnSync('dpkg-deb', ['-x', path.join(archives, name), unpacked], { stdio: 'inherit' }).status === 0,
    );
  for (const folder of ['lists', 'archives']) rmSync(path.join(cache, folder), { recursive: true, force: true });
  return complete ? unpacked : undefined;
}

/** Where this machine gets Debian's packages from: the first URI of its own sources. */
function debianMirror() {
  const file = '/etc/apt/sources.list.d/debian.sources';
  if (existsSync(file)) return /^URIs:\s*(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1];
  const list = '/etc/apt/sources.list';
  return existsSync(list) ? /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)/m.exec(readFileSync(list, 'utf8'))?.[1] : undefined;
}
