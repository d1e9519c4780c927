/**
 * UDP has no connections to end: a client that keeps its source port would follow its conntrack entry to an endpoint
 * that is gone. So the entries of removed UDP endpoints are deleted, as are those that predate a Service's endpoints.
 */
import { execFile } from 'node:child_process';
import type { ServicePort } from './service-ports.ts';

/** Arguments for the conntrack program, one list for each call. */
export function staleEntries(before: readonly ServicePort[], after: readonly ServicePort[]): string[][] {
  const calls: string[][] = [];
  const current = new Map(after.map((port) => [port.key, port]));
  for (const old of before) {
    if (old.protocol !== 'udp') continue;
    const now = current.get(old.key);
    const kept = new Set((now?.internalEndpoints ?? []).map(({ address, port }) => `${address}:${port}`));
    for (const { address, port } of old.internalEndpoints) {
      if (kept.has(`${address}:${port}`)) continue;
      calls.push(['-D', '-p', 'udp', '--orig-dst', old.clusterIP, '--dport', String(old.port), '--dst-nat', address]);
    }
  }
  const previous = new Map(before.map((port) => [port.key, port]));
  for (const port of after) {
    if (port.protocol !== 'udp' || port.internalEndpoints.length === 0) continue;
    const had = previous.get(port.key);
    if (had !== undefined && had.internalEndpoints.length > 0) continue;
    calls.push(['-D', '-p', 'udp', '--orig-dst', port.clusterIP, '--dport', String(port.port)]);
  }
  return calls;
}

/** Best effort: conntrack exits with 1 where there was nothing to delete, and need not be installed. */
export async function deleteEntries(calls: readonly string[][]): Promise<void> {
  for (const args of calls) {
    await new Promise<void>((resolve) => {
      execFile('conntrack', args, () => resolve());
    });
  }
}
