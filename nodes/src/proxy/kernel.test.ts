/** The rules in a real kernel, inside a network namespace of the test's own. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { findProgram } from '../containerd/machine.ts';
import { changeScript, createScript, removeScript } from './nft-table.ts';
import { serviceTable } from './rules.ts';
import type { ServicePort } from './service-ports.ts';

const reason =
  process.getuid?.() !== 0
    ? 'needs root'
    : ['nft', 'ip'].some((program) => findProgram(program) === undefined)
      ? 'needs the programs nft and ip'
      : undefined;

const namespace = `tn-proxy-${randomBytes(4).toString('hex')}`;
const options = { tableName: 'test', clusterCIDR: undefined, nodeAddresses: ['10.1.1.1'], serviceCIDR: '10.96.0.0/16' };
const port: ServicePort = {
  key: 'default/web:http',
  protocol: 'tcp',
  clusterIP: '10.96.0.10',
  port: 80,
  nodePort: 30080,
  externalAddresses: [],
  internalEndpoints: [
    { address: '10.1.1.1', port: 8001, local: true },
    { address: '10.1.1.2', port: 8002, local: true },
  ],
  externalEndpoints: [{ address: '10.1.1.2', port: 8002, local: true }],
  affinitySeconds: undefined,
  externalLocal: false,
  anyEndpoints: true,
};

function inside(program: string, args: string[], input?: string): string {
  return execFileSync('ip', ['netns', 'exec', namespace, program, ...args], {
    encoding: 'utf8',
    input,
    timeout: 60_000,
  });
}

/** What a client in the namespace reads from an address, or the error's code. */
function reach(address: string, at: number): string {
  const script = `
    const socket = require('node:net').connect(${at}, '${address}');
    socket.setTimeout(20_000, () => socket.destroy(Object.assign(new Error(), { code: 'TIMEOUT' })));
    socket.on('data', (data) => process.stdout.write(data)).on('error', (error) => process.stdout.write(error.code));`;
  return inside(process.execPath, ['-e', script]);
}

describe('the rules in the kernel', { skip: reason }, () => {
  let server: ReturnType<typeof spawn> | undefined;

  before(async () => {
    execFileSync('ip', ['netns', 'add', namespace]);
    for (const line of [
      'link set lo up',
      'link add node0 type veth peer name node1',
      'addr add 10.1.1.1/24 dev node0',
      'addr add 10.1.1.2/24 dev node0',
      'link set node0 up',
      'link set node1 up',
      // Service addresses are rewritten before they are routed, but some route must match first.
      'route add default via 10.1.1.3',
    ]) {
      inside('ip', line.split(' '));
    }
    const script = `
      const { createServer } = require('node:net');
      let ready = 0;
      for (const [address, port] of [['10.1.1.1', 8001], ['10.1.1.2', 8002]])
        createServer((socket) => socket.end(address)).listen(port, address, () => ++ready === 2 && console.log('ready'));`;
    const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    server = child;
    await new Promise((resolve) => child.stdout.once('data', resolve));
  });

  after(async () => {
    if (server !== undefined) {
      const gone = new Promise((resolve) => server?.once('exit', resolve));
      server.kill();
      await gone;
    }
    execFileSync('ip', ['netns', 'del', namespace]);
  });

  it('send a cluster address to every endpoint, a node port to its own, and refuse the rest', () => {
    const table = serviceTable([port], options);
    inside('nft', ['-f', '-'], createScript(table));
    const answers = new Set(Array.from({ length: 24 }, () => reach('10.96.0.10', 80)));
    assert.deepEqual([...answers].toSorted(), ['10.1.1.1', '10.1.1.2']);
    assert.equal(reach('10.1.1.1', 30080), '10.1.1.2');
    assert.equal(reach('10.96.0.10', 81), 'ECONNREFUSED');

    const empty = serviceTable(
      [{ ...port, internalEndpoints: [], externalEndpoints: [], anyEndpoints: false }],
      options,
    );
    inside('nft', ['-f', '-'], changeScript(table, empty));
    assert.equal(reach('10.96.0.10', 80), 'ECONNREFUSED');
    assert.equal(reach('10.1.1.1', 30080), 'ECONNREFUSED');

    const gone = serviceTable([], options);
    inside('nft', ['-f', '-'], changeScript(empty, gone));
    inside('nft', ['-f', '-'], changeScript(gone, table));
    assert.equal(reach('10.1.1.1', 30080), '10.1.1.2');
  });

  it('keep a client at its endpoint while it has an affinity', () => {
    const plain = serviceTable([port], options);
    const faithful = serviceTable([{ ...port, affinitySeconds: 60 }], options);
    const answers = (): Set<string> => new Set(Array.from({ length: 24 }, () => reach('10.96.0.10', 80)));
    inside('nft', ['-f', '-'], createScript(faithful));
    assert.equal(answers().size, 1);
    inside('nft', ['-f', '-'], changeScript(faithful, plain));
    assert.equal(answers().size, 2);
    inside('nft', ['-f', '-'], changeScript(plain, faithful));
    assert.equal(answers().size, 1);
  });

  it('leave nothing behind', () => {
    inside('nft', ['-f', '-'], removeScript('ip', 'test'));
    assert.equal(inside('nft', ['list', 'tables']), '');
  });
});
