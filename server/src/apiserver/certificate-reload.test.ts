/** Certificates renewed under a running server, as clients and aggregated servers see it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import https from 'node:https';
import { after, before, it } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { startExtensionServer } from '../aggregator/testing/extension-server.ts';
import { createCertificateAuthority, issueCertificate } from '../certificates/index.ts';
import { silentLogger } from '../endpoints/request-context.ts';
import { startTestServer, type TestServer } from './testing/test-server.ts';

let api: TestServer;
const warned: string[] = [];
const files = { proxyCert: '', proxyKey: '' };

before(async () => {
  const logger = { ...silentLogger, warn: (_: unknown, message: string) => void warned.push(message) };
  api = await startTestServer({ logger });
  const { frontProxyClient } = api.certificates;
  files.proxyCert = frontProxyClient.certificateFile;
  files.proxyKey = frontProxyClient.keyFile;
  await api.restart({ proxyClientCertFile: files.proxyCert, proxyClientKeyFile: files.proxyKey });
});
after(() => api.close());

async function eventually(what: string, look: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 15_000;
  while (!(await look())) {
    assert.ok(performance.now() < end, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function servedName(): Promise<string> {
  const socket = connect({ port: api.server.port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return String(CN);
}

it('serves with a renewed certificate once its key is there as well', async () => {
  const { ca, apiserver } = api.certificates;
  const renewed = await issueCertificate({
    ca,
    subject: { commonName: 'renewed' },
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    usages: ['serverAuth'],
  });
  await writeFile(apiserver.certificateFile, renewed.certificate);
  await writeFile(apiserver.keyFile, renewed.key);
  await eventually('the new certificate', async () => (await servedName()) === 'renewed');
  assert.equal((await api.call('GET', '/version')).status, 200, 'clients are still asked for certificates');
  assert.equal((await api.call('GET', '/api/v1/secrets')).status, 200);
});

it('believes clients of an authority that was added, and those of one that was taken out no longer', async () => {
  const { ca } = api.certificates;
  const other = await createCertificateAuthority({ commonName: 'other-ca' });
  const client = await issueCertificate({
    ca: other,
    subject: { commonName: 'newcomer', organizations: ['system:masters'] },
    dnsNames: [],
    ipAddresses: [],
    usages: ['clientAuth'],
  });
  const status = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const identity = { cert: client.certificate, key: client.key, ca: ca.certificate, agent: false as const };
      const request = https.get(`${api.server.url}/api/v1/secrets`, identity, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      });
      request.once('error', reject);
    });
  assert.equal(await status(), 401);
  const told = async (): Promise<string> => {
    const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
    return (await api.call('GET', path)).json<{ data: Record<string, string> }>().data['client-ca-file'] ?? '';
  };
  assert.ok(!(await told()).includes(other.certificate.trim()));
  await writeFile(ca.certificateFile, `${ca.certificate}\n${other.certificate}`);
  await eventually('the newcomer is let in', async () => (await status()) === 200);
  await eventually('extension servers are told', async () => (await told()).includes(other.certificate.trim()));
  await writeFile(ca.certificateFile, ca.certificate);
  await eventually('the newcomer is turned away', async () => (await status()) === 401);
  assert.ok((await told()).includes(ca.certificate.trim()), 'what was told is not taken back');
  assert.equal((await api.call('GET', '/api/v1/secrets')).status, 200);
});

it('goes on with the authorities that it has while their file cannot be read whole', async () => {
  const { certificateFile, certificate } = api.certificates.ca;
  warned.length = 0;
  const garbage = Buffer.from('garbage').toString('base64');
  await writeFile(
    certificateFile,
    `${certificate}\n-----BEGIN CERTIFICATE-----\n${garbage}\n-----END CERTIFICATE-----\n`,
  );
  await eventually('the warning', async () => warned.some((message) => message.includes('cannot be used yet')));
  assert.equal((await api.call('GET', '/api/v1/secrets')).status, 200);
  await writeFile(certificateFile, certificate);
});

it('shows aggregated servers a renewed certificate', async () => {
  const extension = await startExtensionServer({ name: 'remote.default.svc', proxyCa: '' });
  const seen = new Set<string>();
  extension.answer = (request, response) => {
    seen.add(String((request.socket as TLSSocket).getPeerCertificate().subject?.CN));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    return true;
  };
  try {
    await api.call('POST', '/api/v1/namespaces/default/services', {
      body: { metadata: { name: 'remote' }, spec: { type: 'ExternalName', externalName: 'localhost' } },
    });
    const created = await api.call('POST', '/apis/apiregistration.k8s.io/v1/apiservices', {
      body: {
        metadata: { name: 'v1.wardle.example.com' },
        spec: {
          group: 'wardle.example.com',
          version: 'v1',
          groupPriorityMinimum: 2000,
          versionPriority: 200,
          service: { name: 'remote', namespace: 'default', port: extension.port },
          caBundle: extension.caBundle,
        },
      },
    });
    assert.equal(created.status, 201, created.text);
    const ask = () => api.call('GET', '/apis/wardle.example.com/v1/flunders');
    await eventually('the server is available', async () => (await ask()).status === 200);
    assert.deepEqual([...seen], ['front-proxy-client']);
    const { frontProxyCA } = api.certificates;
    const renewed = await issueCertificate({
      ca: frontProxyCA,
      subject: { commonName: 'renewed-proxy' },
      dnsNames: [],
      ipAddresses: [],
      usages: ['clientAuth'],
    });
    await writeFile(files.proxyKey, renewed.key);
    await writeFile(files.proxyCert, renewed.certificate);
    await eventually('the new certificate', async () => {
      await ask();
      return seen.has('renewed-proxy');
    });
  } finally {
    await extension.stop();
  }
});
