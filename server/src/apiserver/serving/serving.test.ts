/** How the port is served: certificates, versions, names, and what browsers are told. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls';
import { createCertificateAuthority, issueCertificate } from '../../certificates/index.ts';
import { startTestServer, type TestServer } from '../testing/test-server.ts';
import { ensureServingCertificate } from './own-certificate.ts';

let directory: string;
let server: TestServer;

async function writePair(name: string, dnsNames: readonly string[]): Promise<string> {
  const ca = await createCertificateAuthority({ commonName: 'names' });
  const pair = await issueCertificate({ ca, subject: { commonName: name }, dnsNames, usages: ['serverAuth'] });
  const file = path.join(directory, name);
  await Promise.all([writeFile(`${file}.crt`, pair.certificate), writeFile(`${file}.key`, pair.key)]);
  return `${file}.crt,${file}.key`;
}

before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'serving-'));
  const own = await writePair('own', ['own.example', 'both.example']);
  const given = await writePair('given', ['unused.example']);
  server = await startTestServer({
    tlsSniCertKey: [own, `${given}:both.example,*.wild.example`],
    tlsMinVersion: 'VersionTLS13',
    disableHttp2Serving: true,
    corsAllowedOrigins: ['//pages\\.example(:|$)'],
    strictTransportSecurityDirectives: ['max-age=31536000', 'includeSubDomains'],
  });
});
after(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

const handshake = (options: ConnectionOptions): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: server.server.port, rejectUnauthorized: false, ...options });
    socket.once('secureConnect', () => resolve(socket.end()));
    socket.once('error', reject);
  });
const nameServed = async (servername: string): Promise<string | string[] | undefined> =>
  (await handshake({ servername })).getPeerCertificate().subject.CN;

test('clients get the certificate of the name that they ask for', async () => {
  assert.equal(await nameServed('own.example'), 'own');
  assert.equal(await nameServed('OWN.example'), 'own');
  assert.equal(await nameServed('both.example'), 'given');
  assert.equal(await nameServed('any.wild.example'), 'given');
  assert.equal(await nameServed('two.labels.wild.example'), 'kube-apiserver');
  assert.equal(await nameServed('unused.example'), 'kube-apiserver');
});

test('certificates of names are renewed, with the names that they are for', async () => {
  const file = path.join(directory, 'own');
  const ca = await createCertificateAuthority({ commonName: 'names' });
  const subject = { commonName: 'no host: renewed' };
  const renewed = await issueCertificate({ ca, subject, dnsNames: ['new.example'], usages: ['serverAuth'] });
  // Until its key is there as well, what was there before is served.
  await writeFile(`${file}.crt`, renewed.certificate);
  await sleep(1500);
  assert.equal(await nameServed('own.example'), 'own');
  await writeFile(`${file}.key`, renewed.key);
  const end = performance.now() + 15_000;
  while ((await nameServed('new.example')) !== subject.commonName) {
    assert.ok(performance.now() < end, 'never renewed');
    await sleep(100);
  }
  assert.equal(await nameServed('own.example'), 'kube-apiserver', 'a name that it is no longer for');
  assert.equal(await nameServed('both.example'), 'given');
});

test('older versions of TLS and HTTP/2 can be turned off', async () => {
  await assert.rejects(handshake({ maxVersion: 'TLSv1.2' }));
  assert.equal((await handshake({ ALPNProtocols: ['h2', 'http/1.1'] })).alpnProtocol, 'http/1.1');
});

test('every answer says that there is no way without TLS', async () => {
  const { headers } = await server.call('GET', '/version');
  assert.equal(headers['strict-transport-security'], 'max-age=31536000; includeSubDomains');
});

test('pages of the named origins may ask, others get no permission', async () => {
  const preflight = (origin: string) =>
    server.call('OPTIONS', '/api/v1/pods', { anonymous: true, headers: { origin } });
  const allowed = await preflight('https://pages.example');
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://pages.example');
  assert.equal(allowed.headers['access-control-allow-credentials'], 'true');
  assert.match(allowed.headers['access-control-allow-methods'] ?? '', /PATCH/);
  const other = await preflight('https://pages.example.org');
  assert.notEqual(other.status, 204);
  assert.equal(other.headers['access-control-allow-origin'], undefined);
  const asked = await server.call('GET', '/version', { headers: { origin: 'https://pages.example:8443' } });
  assert.equal(asked.status, 200);
  assert.equal(asked.headers['access-control-allow-origin'], 'https://pages.example:8443');
});

test('a server without a certificate makes itself one, once', async () => {
  const certDir = path.join(directory, 'own-certificate');
  const names = { names: ['localhost'], addresses: ['127.0.0.1'] };
  const { tlsCertFile, tlsPrivateKeyFile } = await ensureServingCertificate(certDir, names);
  const certificate = await readFile(tlsCertFile, 'utf8');
  assert.equal((await stat(tlsPrivateKeyFile)).mode & 0o777, 0o600);
  await ensureServingCertificate(certDir, names);
  assert.equal(await readFile(tlsCertFile, 'utf8'), certificate);
  const other = await startTestServer({ tlsCertFile: undefined, tlsPrivateKeyFile: undefined, certDir } as never);
  try {
    const socket = await new Promise<TLSSocket>((resolve, reject) => {
      const made = connect({ host: 'localhost', port: other.server.port, ca: certificate }, () => resolve(made.end()));
      made.once('error', reject);
    });
    assert.equal(socket.authorized, true);
  } finally {
    await other.close();
  }
});

test('what cannot be served is said before anything starts', async () => {
  const mistakes = [
    [{ tlsMinVersion: 'TLS1' }, /unknown version "TLS1"/],
    [{ tlsCipherSuites: ['NONE'] }, /cipher suite NONE not supported/],
    [{ tlsSniCertKey: ['alone.crt'] }, /expected CERTIFICATE,KEY/],
    [{ corsAllowedOrigins: ['('] }, /invalid --cors-allowed-origins "\("/],
    [{ endpointReconcilerType: 'master-count' }, /there are lease and none/],
  ] as const;
  for (const [options, message] of mistakes) await assert.rejects(startTestServer({ ...options } as never), message);
});
