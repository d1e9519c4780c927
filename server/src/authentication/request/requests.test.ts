import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createServer, request as httpsRequest, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import 'reflect-metadata';
import { BasicConstraintsExtension, X509Certificate, X509CertificateGenerator } from '@peculiar/x509';
import { createCertificateAuthority, issueCertificate, type KeyPair } from '../../certificates/index.ts';
import type { UserInfo } from '../authenticator.ts';
import { type Authentication, buildAuthenticator } from '../build.ts';

const day = 86_400_000;
const ca = await createCertificateAuthority({ commonName: 'kubernetes' });
const proxyCA = await createCertificateAuthority({ commonName: 'front-proxy-ca' });
const otherCA = await createCertificateAuthority({ commonName: 'kubernetes' });
const client = (commonName: string, organizations: string[], issuer: KeyPair = ca, now?: Date): Promise<KeyPair> =>
  issueCertificate({
    ca: issuer,
    subject: { commonName, organizations },
    usages: ['clientAuth'],
    validDays: 1,
    ...(now ? { now } : {}),
  });
const certificates = {
  jane: await client('jane', ['devs', 'a,b=c']),
  expired: await client('jane', [], ca, new Date(Date.now() - 3 * day)),
  future: await client('jane', [], ca, new Date(Date.now() + 3 * day)),
  stranger: await client('jane', ['system:masters'], otherCA),
  server: await issueCertificate({ ca, subject: { commonName: 'jane' }, usages: ['serverAuth'] }),
  nameless: await client('', ['devs']),
  proxy: await client('front-proxy-client', [], proxyCA),
  otherProxy: await client('someone', [], proxyCA),
  escaped: await client('a\nCN=root', ['x/CN=root', 'y+O=system:masters']),
};

/** A certificate under `ca` whose key signs others, rightly or not. */
async function intermediate(mayForOthers: boolean): Promise<KeyPair> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const pkcs8 = createPrivateKey(ca.key).export({ type: 'pkcs8', format: 'der' });
  const made = await X509CertificateGenerator.create({
    subject: [{ CN: ['intermediate'] }],
    issuer: new X509Certificate(ca.certificate).subjectName,
    publicKey: keys.publicKey,
    signingKey: await crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8), algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    notAfter: new Date(Date.now() + day),
    extensions: [new BasicConstraintsExtension(mayForOthers, undefined, true)],
  });
  const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return {
    certificate: `${made.toString('pem')}\n`,
    key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
  };
}

/** Of X.509 version 1, without extensions: `openssl ca -selfsign`, for these tests only. */
const oldCA: KeyPair = {
  certificate: `-----BEGIN CERTIFICATE-----
MIIBBTCBrAIBATAKBggqhkjOPQQDAjAOMQwwCgYDVQQDDANvbGQwIBcNMjAwMTAx
MDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMA4xDDAKBgNVBAMMA29sZDBZMBMGByqG
SM49AgEGCCqGSM49AwEHA0IABLNy+UVaCcwrOrcob/X9UNV3bd8HUI8n3LRI/UWs
ArXtpHCwj938yd+33Jvxqn5lOc8FzofX/AmOEC6v4rJpTxcwCgYIKoZIzj0EAwID
SAAwRQIgXRyN2EopOmo07ESCEcZU6FsyhtHwAYH7WU5oYjqzhAgCIQD6CQmPpVnO
dyb3yNbXLCPXIbi/qVw/dCTI2+/oxoyinA==
-----END CERTIFICATE-----
`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguitf/SbTUl37AmkC
B3bbkk10xWizurdopwXXZMtUUDihRANCAASzcvlFWgnMKzq3KG/1/VDVd23fB1CP
J9y0SP1FrAK17aRwsI/d/Mnft9yb8ap+ZTnPBc6H1/wJjhAur+KyaU8X
-----END PRIVATE KEY-----
`,
};

let server: Server;
let authentication: Authentication;
before(async () => {
  authentication = buildAuthenticator({
    clientCA: ca.certificate + oldCA.certificate,
    frontProxy: { ca: proxyCA.certificate, allowedNames: ['front-proxy-client'] },
    tokenFile: { text: 'secret,joe,1,ops\n', file: 't' },
    audiences: ['api'],
  });
  server = await listen([ca.certificate, proxyCA.certificate]);
});
after(() => server.close());

/** A server that asks for client certificates, naming `hints` as the CAs it knows. */
async function listen(hints: string[]): Promise<Server> {
  const subject = { commonName: 'server' };
  const serving = await issueCertificate({ ca, subject, ipAddresses: ['127.0.0.1'], usages: ['serverAuth'] });
  const { key, certificate: cert } = serving;
  const made = createServer({ key, cert, requestCert: true, rejectUnauthorized: false, ca: hints });
  const answer = async (request: IncomingMessage): Promise<[number, string]> => {
    try {
      const found = await authentication.authenticateRequest(request);
      return [200, JSON.stringify({ user: found?.user, protocols: request.headers['sec-websocket-protocol'] })];
    } catch (error) {
      return [401, JSON.stringify({ error: (error as Error).message })];
    }
  };
  made.on('request', async (request: IncomingMessage, response) => {
    const [code, body] = await answer(request);
    response.writeHead(code).end(body);
  });
  made.on('upgrade', async (request: IncomingMessage, socket) => {
    const [code, body] = await answer(request);
    socket.end(`HTTP/1.1 ${code} Done\r\nConnection: close\r\n\r\n${body}`);
  });
  made.listen(0, '127.0.0.1');
  await once(made, 'listening');
  return made;
}

interface Answer {
  user?: UserInfo;
  error?: string;
  protocols?: string;
}

async function ask(
  pair: KeyPair | undefined,
  headers: Record<string, string | string[]> = {},
  path = '/',
  at = server,
): Promise<Answer> {
  const { port } = at.address() as AddressInfo;
  const request = httpsRequest({
    host: '127.0.0.1',
    port,
    path,
    ca: ca.certificate,
    agent: false,
    headers,
    ...(pair ? { key: pair.key, cert: pair.certificate } : {}),
  });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Answer;
}

const groups = (answer: Answer): readonly string[] | undefined => answer.user?.groups;

describe('client certificates', () => {
  test('the common name is the user, organizations are groups', async () => {
    const answer = await ask(certificates.jane);
    assert.equal(answer.user?.name, 'jane');
    assert.deepEqual(groups(answer), ['devs', 'a,b=c', 'system:authenticated']);
    assert.match(
      answer.user?.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '',
      /^X509SHA256=[0-9a-f]{64}$/,
    );
  });
  test('names are data: nothing in them becomes another attribute', async () => {
    const answer = await ask(certificates.escaped);
    assert.equal(answer.user?.name, 'a\nCN=root');
    assert.deepEqual(groups(answer), ['x/CN=root', 'y+O=system:masters', 'system:authenticated']);
  });
  test('an intermediate CA counts if it comes along, and only if it may sign', async () => {
    const leafOf = async (issuer: KeyPair): Promise<KeyPair> => {
      const leaf = await client('ann', ['devs'], issuer);
      return { key: leaf.key, certificate: leaf.certificate + issuer.certificate };
    };
    // Node shows what the client sent beside its own certificate only where it could not complete the chain itself.
    const unhinted = await listen([]);
    try {
      assert.equal((await ask(await leafOf(await intermediate(true)), {}, '/', unhinted)).user?.name, 'ann');
      assert.match(
        (await ask(await leafOf(await intermediate(false)), {}, '/', unhinted)).error ?? '',
        /unknown authority/,
      );
      assert.equal((await ask(certificates.jane, {}, '/', unhinted)).user?.name, 'jane');
      assert.match((await ask(certificates.stranger, {}, '/', unhinted)).error ?? '', /unknown authority/);
    } finally {
      unhinted.close();
    }
  });
  test('a root of X.509 version 1 is a CA because it is trusted', async () => {
    assert.equal((await ask(await client('ann', ['devs'], oldCA))).user?.name, 'ann');
  });
  const bad: [keyof typeof certificates, RegExp][] = [
    ['expired', /expired or is not yet valid/],
    ['future', /expired or is not yet valid/],
    ['stranger', /unknown authority/],
    ['server', /incompatible key usage/],
    ['proxy', /unknown authority/],
  ];
  for (const [name, says] of bad) {
    test(`${name} is refused, not anonymous`, async () => {
      const answer = await ask(certificates[name]);
      assert.match(answer.error ?? '', says);
    });
  }
  test('a bad certificate does not spoil a good token', async () => {
    assert.equal((await ask(certificates.expired, { authorization: 'Bearer secret' })).user?.name, 'joe');
  });
  test('no name is no credential', async () => {
    assert.equal((await ask(certificates.nameless)).user?.name, 'system:anonymous');
  });
});

describe('front proxy', () => {
  const headers = {
    'X-Remote-User': 'kim',
    'X-Remote-Group': ['devs', 'a, b'],
    'X-Remote-Extra-Scopes%2Fx': 'y',
    'X-Remote-Uid': '7',
  };
  test('speaks for others', async () => {
    const { user } = await ask(certificates.proxy, headers);
    assert.deepEqual(user, {
      name: 'kim',
      uid: '7',
      groups: ['devs', 'a, b', 'system:authenticated'],
      extra: { 'scopes/x': ['y'] },
    });
  });
  test('no one else does: the headers of clients count for nothing', async () => {
    assert.equal((await ask(certificates.jane, headers)).user?.name, 'jane');
    assert.equal((await ask(undefined, headers)).user?.name, 'system:anonymous');
    assert.match(
      (await ask(certificates.otherProxy, headers)).error ?? '',
      /subject with cn=someone is not in the allowed list/,
    );
  });
});

describe('bearer tokens', () => {
  test('known', async () => {
    assert.deepEqual((await ask(undefined, { authorization: 'bearer secret' })).user, {
      name: 'joe',
      uid: '1',
      groups: ['ops', 'system:authenticated'],
    });
  });
  for (const authorization of ['Bearer wrong', 'Bearer secrets', 'Bearer secret,x']) {
    test(`${authorization} is refused`, async () => {
      assert.equal((await ask(undefined, { authorization })).error, 'invalid bearer token');
    });
  }
  for (const authorization of ['Basic c2VjcmV0', 'Bearer', 'secret', 'Bearer  secret']) {
    test(`${JSON.stringify(authorization)} carries none`, async () => {
      assert.deepEqual((await ask(undefined, { authorization })).user, {
        name: 'system:anonymous',
        groups: ['system:unauthenticated'],
      });
    });
  }
});

describe('websocket tokens', () => {
  const upgrade = (protocols: string): Promise<Answer> =>
    ask(undefined, { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Protocol': protocols });
  const prefix = 'base64url.bearer.authorization.k8s.io.';
  const encoded = Buffer.from('secret').toString('base64url');
  test('count and are taken out of the offer', async () => {
    const answer = await upgrade(`v5.channel.k8s.io, ${prefix}${encoded}`);
    assert.equal(answer.user?.name, 'joe');
    assert.equal(answer.protocols, 'v5.channel.k8s.io');
  });
  const bad: [string, RegExp][] = [
    [`${prefix}${encoded}`, /missing additional subprotocol/],
    [`a, ${prefix}${encoded}, ${prefix}${encoded}`, /multiple/],
    [`a, ${prefix}!!`, /encoding/],
    [`a, ${prefix}${encoded}==`, /encoding/],
    [`a, ${prefix}${Buffer.from('wrong').toString('base64url')}`, /invalid bearer token/],
  ];
  for (const [protocols, says] of bad) {
    test(`refused: ${protocols.replace(prefix, '…')}`, async () => {
      assert.match((await upgrade(protocols)).error ?? '', says);
    });
  }
  test('only on websockets', async () => {
    assert.equal(
      (await ask(undefined, { 'Sec-WebSocket-Protocol': `a, ${prefix}${encoded}` })).user?.name,
      'system:anonymous',
    );
  });
});

test('anonymous access can be limited to paths', async () => {
  const limited = buildAuthenticator({ anonymous: { enabled: true, paths: ['/healthz'] } });
  const at = (url: string): IncomingMessage => ({ url, headers: {}, socket: {} }) as unknown as IncomingMessage;
  assert.equal((await limited.authenticateRequest(at('/healthz?verbose')))?.user.name, 'system:anonymous');
  assert.equal(await limited.authenticateRequest(at('/api')), undefined);
  assert.equal(
    await buildAuthenticator({ anonymous: { enabled: false } }).authenticateRequest(at('/healthz')),
    undefined,
  );
});
