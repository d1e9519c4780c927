import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { inClusterConfig, loadKubeconfig } from './kubeconfig.ts';

const directory = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
after(() => rmSync(directory, { recursive: true }));

const text = `
apiVersion: v1
kind: Config
current-context: main
clusters:
- name: one
  cluster: {server: "https://one:6443", certificate-authority: ca.crt, tls-server-name: api}
- name: two
  cluster: {server: "https://two:6443", insecure-skip-tls-verify: true}
users:
- name: certificate
  user: {client-certificate-data: ${Buffer.from('CERT').toString('base64')}, client-key-data: ${Buffer.from('KEY').toString('base64')}}
- name: plugin
  user: {exec: {command: aws}}
- name: token
  user: {tokenFile: token, as: someone, as-groups: [a, b]}
contexts:
- name: main
  context: {cluster: one, user: certificate, namespace: team}
- name: other
  context: {cluster: two, user: token}
- name: plugin
  context: {cluster: two, user: plugin}
- name: broken
  context: {cluster: none, user: token}
`;

describe('loadKubeconfig', () => {
  const file = join(directory, 'config');
  writeFileSync(file, text);
  writeFileSync(join(directory, 'ca.crt'), 'CA');

  it('reads the current context, files relative to its own', () => {
    assert.deepEqual(loadKubeconfig(file), {
      server: 'https://one:6443',
      ca: 'CA',
      tlsServerName: 'api',
      cert: 'CERT',
      key: 'KEY',
      namespace: 'team',
    });
  });

  it('reads another context', () => {
    assert.deepEqual(loadKubeconfig(file, { context: 'other' }), {
      server: 'https://two:6443',
      insecureSkipTlsVerify: true,
      tokenFile: join(directory, 'token'),
      impersonate: { user: 'someone', groups: ['a', 'b'] },
    });
  });

  it('says what is missing or not supported', () => {
    assert.throws(() => loadKubeconfig(file, { context: 'none' }), /context "none" does not exist/);
    assert.throws(() => loadKubeconfig(file, { context: 'broken' }), /cluster "none" does not exist/);
    assert.throws(() => loadKubeconfig(file, { context: 'plugin' }), /exec is not supported/);
    assert.throws(() => loadKubeconfig('apiVersion: v1\nkind: Config\n'), /no current-context/);
  });
});

describe('inClusterConfig', () => {
  it('reads the service account of the pod', () => {
    writeFileSync(join(directory, 'namespace'), 'here');
    const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
    assert.deepEqual(inClusterConfig(environment, directory), {
      server: 'https://[fd00::1]:443',
      ca: 'CA',
      tokenFile: join(directory, 'token'),
      namespace: 'here',
    });
    assert.throws(() => inClusterConfig({}, directory), /not inside a cluster/);
  });
});
