import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { freePort } from './ports.ts';

test('any port is one that the kernel gives to nobody who wants any', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort('127.0.0.1', 0)));
  for (const port of ports) assert.ok(port >= 20_000 && port < 30_000, `port ${port}`);
  const range = '/proc/sys/net/ipv4/ip_local_port_range';
  if (process.platform === 'linux') {
    const [low = 0] = readFileSync(range, 'utf8').split(/\s+/).map(Number);
    assert.ok(ports.every((port) => port < low) || low < 30_000, `the kernel's begin at ${low}`);
  }
});

test('a port that is taken is refused, and one that is left out is not given', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await assert.rejects(freePort('127.0.0.1', port), new RegExp(`port ${port} of 127\\.0\\.0\\.1 is taken`));
  server.close();
  const all = Array.from({ length: 10_000 }, (_, index) => 20_000 + index);
  const other = await freePort('127.0.0.1', 0, all);
  assert.ok(!all.includes(other), `port ${other}`);
});
