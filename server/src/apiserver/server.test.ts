import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { type ClusterCertificates, ensureClusterCertificates } from '../certificates/index.ts';
import { silentLogger } from '../endpoints/request-context.ts';
import type { ApiserverOptions } from './config.ts';
import { type RunningApiserver, startApiserver } from './server.ts';

let directory: string;
let certificates: ClusterCertificates;
before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'typernetes-apiserver-'));
  certificates = await ensureClusterCertificates(path.join(directory, 'pki'), {
    nodes: [],
    advertiseAddresses: ['127.0.0.1'],
    serviceIPs: ['10.96.0.1'],
  });
});
after(() => rm(directory, { recursive: true, force: true }));

function start(
  storage: string,
  signal?: AbortSignal,
  options: Partial<ApiserverOptions> = {},
): Promise<RunningApiserver> {
  const { apiserver, ca, serviceAccount } = certificates;
  return startApiserver(
    {
      securePort: 0,
      bindAddress: '127.0.0.1',
      storageDir: path.join(directory, storage),
      tlsCertFile: apiserver.certificateFile,
      tlsPrivateKeyFile: apiserver.keyFile,
      clientCaFile: ca.certificateFile,
      serviceAccountSigningKeyFile: serviceAccount.privateKeyFile,
      serviceAccountKeyFile: [serviceAccount.publicKeyFile],
      ...options,
    },
    signal,
    silentLogger,
  );
}

interface Answer {
  status: number;
  text: string;
}

/** As kubernetes-admin, unless `token` or `anonymous` says otherwise. */
function call(
  server: RunningApiserver,
  method: string,
  url: string,
  options: { body?: object; token?: string; anonymous?: boolean } = {},
) {
  const { body, token, anonymous } = options;
  const identity =
    token !== undefined || anonymous === true
      ? {}
      : { cert: certificates.admin.certificate, key: certificates.admin.key };
  return new Promise<Answer>((resolve, reject) => {
    const request = https.request(
      `${server.url}${url}`,
      {
        method,
        ca: certificates.ca.certificate,
        agent: false,
        ...identity,
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.once('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

test('starts, makes what a cluster needs, and keeps it over a restart', async () => {
  const first = await start('restart');
  await first.ready;
  assert.equal((await call(first, 'GET', '/readyz', { anonymous: true })).text, 'ok');
  const namespaces = JSON.parse((await call(first, 'GET', '/api/v1/namespaces')).text) as {
    items: { metadata: { name: string; uid: string } }[];
  };
  assert.deepEqual(
    namespaces.items.map(({ metadata }) => metadata.name),
    ['default', 'kube-node-lease', 'kube-public', 'kube-system'],
  );
  const service = JSON.parse((await call(first, 'GET', '/api/v1/namespaces/default/services/kubernetes')).text) as {
    spec: { clusterIP: string };
  };
  assert.equal(service.spec.clusterIP, '10.96.0.1');
  assert.equal((await call(first, 'GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin')).status, 200);
  await first.stop();

  const second = await start('restart');
  await second.ready;
  const again = JSON.parse((await call(second, 'GET', '/api/v1/namespaces')).text) as typeof namespaces;
  assert.deepEqual(
    again.items.map(({ metadata }) => metadata.uid),
    namespaces.items.map(({ metadata }) => metadata.uid),
  );
  await second.stop();
});

test('a service account’s token is issued, authenticated and held to its rights', async () => {
  const server = await start('tokens');
  await server.ready;
  const accounts = '/api/v1/namespaces/default/serviceaccounts';
  assert.equal((await call(server, 'POST', accounts, { body: { metadata: { name: 'robot' } } })).status, 201);
  const issued = await call(server, 'POST', `${accounts}/robot/token`, { body: { spec: { expirationSeconds: 600 } } });
  assert.equal(issued.status, 201, issued.text);
  const { status } = JSON.parse(issued.text) as { status: { token: string } };
  const refused = await call(server, 'GET', '/api/v1/namespaces/default/secrets', { token: status.token });
  assert.equal(refused.status, 403);
  assert.match(refused.text, /User \\"system:serviceaccount:default:robot\\" cannot list resource \\"secrets\\"/);
  const review = await call(server, 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {
    token: status.token,
    body: {},
  });
  assert.equal(review.status, 201, review.text);
  assert.equal((await call(server, 'GET', '/api/v1/pods', { token: 'forged' })).status, 401);
  assert.equal((await call(server, 'GET', '/api/v1/pods', { anonymous: true })).status, 403);
  await server.stop();
});

test('who is not known may do nothing where AlwaysAllow would let them do everything', async () => {
  const server = await start('everyone', undefined, { authorizationMode: 'RBAC,AlwaysAllow' });
  assert.equal((await call(server, 'GET', '/api/v1/pods', { anonymous: true })).status, 401);
  assert.equal((await call(server, 'GET', '/api/v1/pods')).status, 200);
  await server.stop();
});

test('stops when its signal is aborted, watches and all', async () => {
  const aborter = new AbortController();
  const server = await start('abort', aborter.signal);
  await server.ready;
  const watch = call(server, 'GET', '/api/v1/configmaps?watch=1');
  await call(server, 'POST', '/api/v1/namespaces/default/configmaps', { body: { metadata: { name: 'a' } } });
  aborter.abort();
  await server.stop();
  await watch.catch(() => undefined);
  await assert.rejects(call(server, 'GET', '/healthz'), /ECONNREFUSED/);
});
