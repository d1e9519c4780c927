/** What this machine has for running containers. */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const overlayMagic = 0x794c7630;
const capSysResource = 24n;

/** The first program of that name on PATH or in the usual system folders, which a plain user's PATH lacks. */
export function findProgram(name: string): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(path.delimiter),
    '/usr/local/sbin',
    '/usr/local/bin',
    '/usr/sbin',
    '/usr/bin',
    '/sbin',
    '/bin',
  ];
  return folders
    .filter((folder) => path.isAbsolute(folder))
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

/** The CRI sockets of runtimes that a machine runs already, in upstream's order of preference. */
export function findRuntimeSocket(): string | undefined {
  return ['/run/containerd/containerd.sock', '/run/crio/crio.sock'].find((socket) => existsSync(socket));
}

export async function containerdMajor(program: string): Promise<number> {
  const { stdout } = await run(program, ['--version']);
  const version = /\sv?(\d+)\.\d+/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`${program} --version says "${stdout.trim()}", which names no version`);
  return Number(version);
}

export function cniBinDirs(): string[] {
  return ['/opt/cni/bin', '/usr/lib/cni', '/usr/libexec/cni'].filter((folder) =>
    existsSync(path.join(folder, 'bridge')),
  );
}

/** An overlay cannot lie on an overlay, as a container's root file system is one. */
export function chooseSnapshotter(directory: string): 'overlayfs' | 'native' {
  return statfsSync(directory).type === overlayMagic ? 'native' : 'overlayfs';
}

export function canLowerOomScores(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> capSysResource) & 1n) === 1n;
}

/** What a private containerd needs and this machine lacks, each with the command that adds it. */
export function missingForContainers(): string[] {
  const missing: string[] = [];
  if (process.platform !== 'linux') return ['Linux'];
  if (process.getuid?.() !== 0) missing.push('root (run it with sudo)');
  for (const [program, debianPackage] of [
    ['containerd', 'containerd'],
    ['runc', 'runc'],
    ['nft', 'nftables'],
  ] as const) {
    if (findProgram(program) === undefined) missing.push(`${program} (apt-get install ${debianPackage})`);
  }
  if (cniBinDirs().length === 0) missing.push('CNI plugins (apt-get install containernetworking-plugins)');
  return missing;
}
