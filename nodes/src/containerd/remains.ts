/** What a node's pods leave on the machine when all of them are gone for good: mounts of the kubelet, the pod bridge. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { unmountBelow } from '../kubelet/volumes/mounts.ts';
import { findProgram } from './machine.ts';

const run = promisify(execFile);

/** Idempotent. @param bridge the pod network's bridge, which CNI plugins make with the first pod and never remove. */
export async function removeRemains(kubeletDirectory: string, bridge: string): Promise<void> {
  await unmountBelow(kubeletDirectory);
  const ip = findProgram('ip');
  if (ip !== undefined && existsSync(`/sys/class/net/${bridge}`)) await run(ip, ['link', 'delete', bridge]);
}
