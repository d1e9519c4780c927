/** What a node's pods leave on the machine when all of them are gone for good: mounts, cgroups, the pod bridge, empty tables. */
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
  await removeEmptyNat();
  const ip = findProgram('ip');
  if (ip === undefined) return;
  // Asked of the kernel: /sys may show another network namespace than the one that this process is in.
  const { stdout } = await run(ip, ['-j', 'link', 'show', 'type', 'bridge']);
  const links = JSON.parse(stdout === '' ? '[]' : stdout) as { ifname?: string }[];
  if (links.some(({ ifname }) => ifname === bridge)) await run(ip, ['link', 'delete', bridge]);
}

/**
 * Deletes the tables `nat` of iptables in which nothing is left. CNI plugins (masquerading, host ports) have iptables
 * make them with the first pod, and take only the pods' own chains out again. Who needs one later has it made anew.
 */
export async function removeEmptyNat(): Promise<void> {
  const nft = findProgram('nft');
  if (nft === undefined) return;
  for (const family of ['ip', 'ip6']) {
    const listing = await run(nft, ['-j', 'list', 'table', family, 'nat']).catch(() => undefined);
    if (listing === undefined) continue; // there is none
    const { nftables } = JSON.parse(listing.stdout) as { nftables: NftObject[] };
    if (nftables.every(isScaffold)) await run(nft, ['delete', 'table', family, 'nat']);
  }
}

/** What `nft -j list table` tells: the tool's version, the table, its chains (iptables' own have a hook), rules … */
interface NftObject {
  metainfo?: object;
  table?: object;
  chain?: { name: string; hook?: string };
  rule?: { chain: string; expr: { jump?: { target: string } }[] };
}

/** The portmap plugin's chains of all pods, which it makes where they are missing and never removes. */
const hostPortChains: readonly string[] = ['CNI-HOSTPORT-DNAT', 'CNI-HOSTPORT-SETMARK', 'CNI-HOSTPORT-MASQ'];

/** Whether this does nothing as long as no pod has a chain. */
function isScaffold({ metainfo, table, chain, rule }: NftObject): boolean {
  if (chain !== undefined) return chain.hook !== undefined || hostPortChains.includes(chain.name);
  if (rule === undefined) return metainfo !== undefined || table !== undefined;
  if (hostPortChains.includes(rule.chain)) return rule.chain !== 'CNI-HOSTPORT-DNAT';
  return rule.expr.some(({ jump }) => jump !== undefined && hostPortChains.includes(jump.target));
}

/** Children first; a cgroup that still has processes stays, as does what is not there. */
async function removeCgroup(folder: string): Promise<void> {
  const children = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const child of children) if (child.isDirectory()) await removeCgroup(path.join(folder, child.name));
  await rmdir(folder).catch(() => undefined);
}
