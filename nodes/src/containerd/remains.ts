/** What a node's pods leave on the machine when all of them are gone for good: mounts of the kubelet, the pod bridge. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { unmountBelow } from '../kubelet/volumes/mounts.ts';
import { findProgram } from './machine.ts';

const run = promisify(execFile);

/** Idempotent. @param bridge the pod network's bridge, which CNI plugins make with the first pod and never remove. */
export async function removeRemains(kubeletDirectory: string, bridge: string): Promise<void> {
  await unmountBelow(kubeletDirectory);
  const ip = findProgram('ip');
  if (ip === undefined) return;
  // Asked of the kernel: /sys may show another network namespace than the one that this process is in.
  const { stdout } = await run(ip, ['-j', 'link', 'show', 'type', 'bridge']);
  const links = JSON.parse(stdout === '' ? '[]' : stdout) as { ifname?: string }[];
  if (links.some(({ ifname }) => ifname === bridge)) await run(ip, ['link', 'delete', bridge]);
}
