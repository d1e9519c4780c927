/** What a node's pods leave on the machine when all of them are gone for good: mounts, cgroups, the pod bridge. */
import { execFile } from 'node:child_process';
import { readdir, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { unmountBelow } from '../kubelet/volumes/mounts.ts';
import { findProgram } from './machine.ts';

const run = promisify(execFile);

const cgroupMount = '/sys/fs/cgroup';

/** Idempotent. @param cgroup the kubelet's --cgroup-root, of its own. @param bridge the pod network's bridge, which CNI plugins make with the first pod and never remove. */
export async function removeRemains(kubeletDirectory: string, cgroup: string, bridge: string): Promise<void> {
  await unmountBelow(kubeletDirectory);
  // Version 1 has a hierarchy for each controller, version 2 one for all.
  const hierarchies = (await readdir(cgroupMount, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  for (const folder of [cgroupMount, ...hierarchies.map(({ name }) => path.join(cgroupMount, name))]) {
    await removeCgroup(path.join(folder, cgroup));
  }
  const ip = findProgram('ip');
  if (ip === undefined) return;
  // Asked of the kernel: /sys may show another network namespace than the one that this process is in.
  const { stdout } = await run(ip, ['-j', 'link', 'show', 'type', 'bridge']);
  const links = JSON.parse(stdout === '' ? '[]' : stdout) as { ifname?: string }[];
  if (links.some(({ ifname }) => ifname === bridge)) await run(ip, ['link', 'delete', bridge]);
}

/** Children first; a cgroup that still has processes stays, as does what is not there. */
async function removeCgroup(folder: string): Promise<void> {
  const children = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const child of children) if (child.isDirectory()) await removeCgroup(path.join(folder, child.name));
  await rmdir(folder).catch(() => undefined);
}
