import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { findProgram } from './machine.ts';

const missing = ['nft', 'ip', 'nsenter'].filter((program) => findProgram(program) === undefined);
const skip =
  process.getuid?.() !== 0 ? 'needs root' : missing.length > 0 ? `needs ${missing.join(', ')}` : (false as const);

/** As the portmap plugin has iptables write it, when the last pod with a host port is gone. */
const afterHostPorts = `
add table ip nat
add chain ip nat CNI-HOSTPORT-SETMARK
add chain ip nat CNI-HOSTPORT-MASQ
add chain ip nat CNI-HOSTPORT-DNAT
add chain ip nat POSTROUTING { type nat hook postrouting priority srcnat; }
add chain ip nat PREROUTING { type nat hook prerouting priority dstnat; }
add rule ip nat CNI-HOSTPORT-SETMARK counter meta mark set mark or 0x2000
add rule ip nat CNI-HOSTPORT-MASQ meta mark & 0x2000 == 0x2000 counter masquerade
add rule ip nat POSTROUTING counter jump CNI-HOSTPORT-MASQ
add rule ip nat PREROUTING fib daddr type local counter jump CNI-HOSTPORT-DNAT
add table ip6 nat
`;

describe('tables that iptables made for CNI plugins', { skip }, () => {
  const namespace = `tn-remains-${randomBytes(3).toString('hex')}`;
  const inside = (program: string, args: readonly string[], input = ''): string =>
    execFileSync('nsenter', [`--net=/run/netns/${namespace}`, program, ...args], { input, encoding: 'utf8' });
  const tables = (): string[] =>
    inside('nft', ['list', 'tables'])
      .split('\n')
      .filter((line) => line !== '');
  const clean = (): string =>
    inside(process.execPath, [
      '--input-type=module',
      '--eval',
      `const { removeEmptyNat } = await import(${JSON.stringify(new URL('remains.ts', import.meta.url).href)}); await removeEmptyNat();`,
    ]);

  before(() => void execFileSync('ip', ['netns', 'add', namespace]));
  after(() => void spawnSync('ip', ['netns', 'delete', namespace]));

  it('are removed when no pod is in them', () => {
    inside('nft', ['-f', '-'], afterHostPorts);
    assert.deepEqual(tables(), ['table ip nat', 'table ip6 nat']);
    clean();
    assert.deepEqual(tables(), []);
    clean();
  });

  it('stay when a pod or somebody else is in them', () => {
    const users = [
      'add chain ip nat CNI-DN-0123456789abcdef\nadd rule ip nat CNI-HOSTPORT-DNAT jump CNI-DN-0123456789abcdef',
      'add rule ip nat POSTROUTING ip saddr 172.17.0.0/16 masquerade',
      'add chain ip nat DOCKER',
    ];
    for (const user of users) {
      inside('nft', ['-f', '-'], `${afterHostPorts}${user}\n`);
      const ruleset = inside('nft', ['list', 'table', 'ip', 'nat']);
      clean();
      assert.equal(inside('nft', ['list', 'table', 'ip', 'nat']), ruleset, user);
      inside('nft', ['delete', 'table', 'ip', 'nat']);
    }
  });
});
