import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ensureClusterCertificates, kubeconfig } from './index.ts';

const base = {
  nodes: [{ name: 'node-1', addresses: ['192.0.2.7'] }],
  advertiseAddresses: ['192.0.2.1', 'fd00::1'],
  serviceIPs: ['10.96.0.1'],
  now: new Date('2030-01-01T00:00:00Z'),
};

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'certificates-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('the first start makes everything, the second nothing', async () => {
  const first = await ensureClusterCertificates(directory, base);
  assert.equal(first.created.length, 14);
  const second = await ensureClusterCertificates(directory, base);
  assert.deepEqual(second.created, []);
  assert.equal(second.apiserver.certificate, first.apiserver.certificate);
  assert.equal(second.serviceAccount.privateKey, first.serviceAccount.privateKey);
});

test('subjects, usages, names and modes are what peers expect', async () => {
  const made = await ensureClusterCertificates(directory, base);
  const serving = new X509Certificate(made.apiserver.certificate);
  for (const name of ['kubernetes', 'kubernetes.default.svc.cluster.local', 'localhost']) {
    assert.equal(serving.checkHost(name), name);
  }
  for (const ip of ['10.96.0.1', '192.0.2.1', 'fd00::1', '127.0.0.1']) assert.equal(serving.checkIP(ip), ip);
  assert.deepEqual(serving.keyUsage, ['1.3.6.1.5.5.7.3.1']);
  const kubelet = made.kubelets.get('node-1');
  assert.ok(kubelet);
  const client = new X509Certificate(kubelet.client.certificate);
  assert.deepEqual({ ...client.toLegacyObject().subject }, { O: 'system:nodes', CN: 'system:node:node-1' });
  assert.deepEqual(client.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  assert.ok(new X509Certificate(made.ca.certificate).ca);
  assert.equal(
    new X509Certificate(made.frontProxyClient.certificate).verify(new X509Certificate(made.ca.certificate).publicKey),
    false,
  );
  assert.equal((await stat(made.ca.keyFile)).mode & 0o777, 0o600);
  assert.equal((await stat(made.serviceAccount.privateKeyFile)).mode & 0o777, 0o600);
});

const remakes: { why: string; change: object; damage?: string; expect: string[] }[] = [
  { why: 'another advertised address', change: { advertiseAddresses: ['192.0.2.9'] }, expect: ['apiserver'] },
  {
    why: 'another node address',
    change: { nodes: [{ name: 'node-1', addresses: ['192.0.2.8'] }] },
    expect: ['kubelet-node-1'],
  },
  {
    why: 'another node',
    change: { nodes: [...base.nodes, { name: 'node-2' }] },
    expect: ['kubelet-node-2', 'kubelet-node-2-client'],
  },
  { why: 'a damaged file', change: {}, damage: 'scheduler.crt', expect: ['scheduler'] },
  { why: 'a key of another pair', change: {}, damage: 'admin.key', expect: ['admin'] },
];
for (const { why, change, damage, expect } of remakes) {
  test(`${why} remakes only ${expect.join(', ')}`, async () => {
    const first = await ensureClusterCertificates(directory, base);
    if (damage !== undefined)
      await writeFile(join(directory, damage), damage.endsWith('.key') ? first.ca.key : 'garbage');
    const second = await ensureClusterCertificates(directory, { ...base, ...change });
    assert.deepEqual(second.created, expect);
  });
}

test('eleven months later the leaves are renewed and the CA stays', async () => {
  const first = await ensureClusterCertificates(directory, base);
  const later = await ensureClusterCertificates(directory, { ...base, now: new Date('2030-12-10T00:00:00Z') });
  assert.equal(later.created.length, 11);
  assert.equal(later.ca.certificate, first.ca.certificate);
});

test('a CA certificate without its key is refused, not replaced', async () => {
  const first = await ensureClusterCertificates(directory, base);
  await rm(first.ca.keyFile);
  await assert.rejects(ensureClusterCertificates(directory, base), /its key .* is not/);
  assert.equal(await readFile(first.ca.certificateFile, 'utf8'), first.ca.certificate);
});

test('a kubeconfig quotes what YAML would misread', () => {
  const text = kubeconfig({
    server: 'https://[::1]:6443',
    userName: 'system:node:a',
    certificateAuthority: 'CA',
    token: 'a: b',
  });
  assert.match(text, /server: "https:\/\/\[::1\]:6443"/);
  assert.match(text, /token: "a: b"/);
  assert.match(text, /current-context: "system:node:a@typernetes"/);
});
