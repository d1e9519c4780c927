import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { startTestServer, type TestServer } from '../apiserver/testing/test-server.ts';
import { type RequestContext, silentLogger } from '../endpoints/request-context.ts';
import { resolveRequestInfo } from '../endpoints/request-info.ts';
import type { AuditEvent } from './event.ts';
import { openLogBackend } from './log-backend.ts';
import { type AuditDecision, PolicyEvaluator, parsePolicy } from './policy.ts';
import { AuditRecord } from './record.ts';

interface Written {
  level: string;
  stage: string;
  verb: string;
  auditID: string;
  requestURI: string;
  user: { username?: string };
  impersonatedUser?: { username: string };
  sourceIPs: string[];
  objectRef?: Record<string, string>;
  responseStatus?: { code: number; message?: string };
  requestObject?: { metadata?: object; data?: object; kind?: string };
  responseObject?: { kind: string; metadata?: { managedFields?: unknown } };
  annotations?: Record<string, string>;
}

const policy = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitManagedFields: true
rules:
- level: None
  nonResourceURLs: ["/healthz*", "/readyz*"]
- level: Metadata
  omitStages: [RequestReceived]
  resources: [{group: "", resources: ["secrets"]}]
- level: RequestResponse
  resources: [{group: "", resources: ["configmaps", "configmaps/*"]}]
- level: Metadata
  verbs: [list]
  resources: [{group: "", resources: ["pods"]}]
`;

let directory: string;
let api: TestServer;
let receiver: Server;
const received: Written[] = [];
before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'typernetes-audit-'));
  receiver = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      assert.equal(request.url, '/events');
      received.push(...(JSON.parse(text) as { items: Written[] }).items);
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  const cluster = { name: 'a', cluster: { server: `http://127.0.0.1:${port}/events` } };
  const context = { name: 'a', context: { cluster: 'a', user: '' } };
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [cluster],
    contexts: [context],
    'current-context': 'a',
  };
  await writeFile(path.join(directory, 'webhook'), JSON.stringify(kubeconfig));
  await writeFile(path.join(directory, 'policy'), policy);
  api = await startTestServer({
    auditPolicyFile: path.join(directory, 'policy'),
    auditLogPath: path.join(directory, 'audit.log'),
    auditWebhookConfigFile: path.join(directory, 'webhook'),
    auditWebhookBatchMaxWaitMs: 50,
  });
});
after(async () => {
  await api.close();
  receiver.close();
  await rm(directory, { recursive: true, force: true });
});

async function events(match: (event: Written) => boolean): Promise<Written[]> {
  const text = await readFile(path.join(directory, 'audit.log'), 'utf8');
  // The last line may still be being written.
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Written)
    .filter(match);
}

async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; ) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it never came');
}

/** The events of one request, once its last stage is there. */
function eventsOf(id: string, stage = 'ResponseComplete'): Promise<Written[]> {
  return until(async () => {
    const found = await events(({ auditID }) => auditID === id);
    return found.some((event) => event.stage === stage) ? found : undefined;
  });
}

const configMaps = '/api/v1/namespaces/default/configmaps';

test('a write is recorded as it came and as it was answered, and goes to the webhook too', async () => {
  const body = { metadata: { name: 'a' }, data: { key: 'value' } };
  await api.call('POST', configMaps, { body, headers: { 'audit-id': 'write', 'user-agent': 'me/1.0' } });
  const [first, last, ...more] = await eventsOf('write');
  assert.equal(more.length, 0);
  assert.equal(first?.stage, 'RequestReceived');
  assert.equal(first.requestObject, undefined);
  assert.equal(last?.level, 'RequestResponse');
  assert.equal(last.verb, 'create');
  assert.equal(last.user.username, 'kubernetes-admin');
  assert.deepEqual(last.sourceIPs, ['127.0.0.1']);
  assert.deepEqual(last.objectRef, { resource: 'configmaps', namespace: 'default', name: 'a', apiVersion: 'v1' });
  assert.deepEqual(last.responseStatus, { metadata: {}, code: 201 });
  assert.deepEqual(last.requestObject?.data, { key: 'value' });
  assert.equal(last.responseObject?.kind, 'ConfigMap');
  assert.equal(last.responseObject.metadata?.managedFields, undefined);
  assert.equal(last.annotations?.['authorization.k8s.io/decision'], 'allow');
  const sent = await until(async () =>
    received.find(({ auditID, stage }) => auditID === 'write' && stage === last.stage),
  );
  assert.deepEqual(sent, last);
});

test('levels, omitted stages and other users', async () => {
  await api.call('POST', '/api/v1/namespaces/default/secrets', {
    body: { metadata: { name: 's' }, stringData: { password: 'hidden' } },
    headers: { 'audit-id': 'secret' },
  });
  const secret = await eventsOf('secret');
  assert.deepEqual(
    secret.map(({ stage, level }) => [stage, level]),
    [['ResponseComplete', 'Metadata']],
  );
  assert.ok(!JSON.stringify(secret).includes('hidden'));
  const refused = await api.call('GET', `${configMaps}/a`, {
    headers: { 'audit-id': 'as', 'impersonate-user': 'bob' },
  });
  assert.equal(refused.status, 403);
  const [, last] = await eventsOf('as');
  assert.equal(last?.impersonatedUser?.username, 'bob');
  assert.equal(last.responseStatus?.code, 403);
  assert.equal(last.annotations?.['authorization.k8s.io/decision'], 'forbid');
  await api.call('GET', '/readyz', { headers: { 'audit-id': 'ready' } });
  await api.call('PATCH', `${configMaps}/a`, {
    body: { data: { more: 'yes' } },
    headers: { 'audit-id': 'patch', 'content-type': 'application/merge-patch+json' },
  });
  const [, patched] = await eventsOf('patch');
  assert.deepEqual(patched?.requestObject, { data: { more: 'yes' } });
  assert.equal((await events(({ auditID }) => auditID === 'ready')).length, 0);
});

test('a watch says when it starts; a bad credential is recorded once', async () => {
  await api.call('GET', `${configMaps}?watch=1&timeoutSeconds=1`, { headers: { 'audit-id': 'watch' } });
  const watch = await eventsOf('watch');
  assert.deepEqual(
    watch.map(({ stage }) => stage),
    ['RequestReceived', 'ResponseStarted', 'ResponseComplete'],
  );
  assert.equal(watch[1]?.responseStatus?.code, 200);
  const headers = { 'audit-id': 'forged', authorization: 'Bearer forged' };
  await api.call('GET', '/api/v1/pods', { anonymous: true, headers });
  const [forged, ...more] = await eventsOf('forged', 'ResponseStarted');
  assert.equal(more.length, 0);
  assert.equal(forged?.responseStatus?.code, 401);
  assert.deepEqual(forged.user, {});
});

test('rules match users, groups, verbs, namespaces, subresources and paths', () => {
  const rules = [
    { level: 'None', users: ['a'], verbs: ['get'] },
    { level: 'Request', userGroups: ['g'], namespaces: ['n'] },
    { level: 'Metadata', resources: [{ group: '*', resources: ['*/status'] }] },
    { level: 'RequestResponse', resources: [{ group: '', resources: ['pods'], resourceNames: ['p'] }] },
    { level: 'Request', nonResourceURLs: ['/x*'] },
  ];
  const text = JSON.stringify({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules });
  const evaluator = new PolicyEvaluator(parsePolicy(text, 'p'));
  const level = (url: string, name = 'u', groups: string[] = []) =>
    evaluator.decide(resolveRequestInfo('GET', url, new URLSearchParams()), { name, groups }).level;
  assert.equal(level('/api/v1/namespaces/n/pods/p', 'a', ['g']), 'None');
  assert.equal(level('/api/v1/namespaces/n/pods/p', 'u', ['g']), 'Request');
  assert.equal(level('/api/v1/namespaces/n/pods/p/status'), 'Metadata');
  assert.equal(level('/api/v1/namespaces/n/pods/p'), 'RequestResponse');
  assert.equal(level('/api/v1/namespaces/n/pods/q'), 'None');
  assert.equal(level('/xyz'), 'Request');
  assert.throws(() => parsePolicy('{"apiVersion":"audit.k8s.io/v1","kind":"Policy","rules":[{"level":"All"}]}', 'p'), {
    message:
      'rules[0].level: Unsupported value: "All": supported values: "None", "Metadata", "Request", "RequestResponse": from file p',
  });
});

const event: AuditEvent = {
  level: 'Metadata',
  auditId: 'id',
  stage: 'ResponseComplete',
  requestUri: '/',
  verb: 'get',
  user: { name: 'u', groups: ['g'] },
  impersonatedUser: undefined,
  impersonationConstraint: undefined,
  sourceIps: ['10.0.0.1'],
  userAgent: 'agent',
  objectRef: undefined,
  responseStatus: { code: 200 },
  requestObject: undefined,
  responseObject: undefined,
  receivedAt: new Date(0),
  stageAt: new Date(0),
  annotations: {},
};

test('a full log is put aside, and only so many are kept', async () => {
  const file = path.join(directory, 'rotating', 'audit.log');
  const options = { path: file, format: 'legacy', maxSizeBytes: 300, maxBackups: 2, maxAgeDays: 0, compress: true };
  const backend = await openLogBackend(options, silentLogger);
  const foreign = path.join(path.dirname(file), 'audit-policy.log');
  await writeFile(foreign, 'not ours');
  for (let count = 0; count < 8; count++) {
    assert.equal(await backend.process([event]), true);
    // Backups are named by the millisecond.
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  await backend.close();
  const files = await readdir(path.dirname(file));
  assert.ok(files.includes('audit-policy.log'));
  assert.equal(files.filter((name) => /^audit-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.log\.gz$/.test(name)).length, 2);
  assert.equal(
    (await readFile(file, 'utf8')).trimEnd().split('\n').at(-1),
    String.raw`1970-01-01T00:00:00.000Z AUDIT: id="id" stage="ResponseComplete" ip="10.0.0.1" method="get" user="u" groups="\"g\"" as="<self>" asgroups="<lookup>" user-agent="agent" namespace="<none>" uri="/" response="200"`,
  );
});

test('a log that cannot be rotated goes on', async () => {
  const file = path.join(directory, 'lost', 'audit.log');
  const options = { path: file, format: 'legacy', maxSizeBytes: 300, maxBackups: 0, maxAgeDays: 0, compress: true };
  const backend = await openLogBackend(options, silentLogger);
  await backend.process([event]);
  await rm(path.dirname(file), { recursive: true });
  assert.equal(await backend.process([event]), true);
  await mkdir(path.dirname(file));
  assert.equal(await backend.process([event]), true);
  assert.equal((await readFile(file, 'utf8')).split('\n').length, 2, 'anew, once it can be');
  await backend.close();
});

test('who asked is known also when the connection has gone meanwhile', async () => {
  let gone = false;
  const socket = {
    // As an HTTP/2 session's.
    get remoteAddress() {
      if (gone) throw new Error('The socket has been disconnected from the Http2Session');
      return '10.0.0.9';
    },
  };
  const events: AuditEvent[] = [];
  const context = {
    request: { headers: {}, socket },
    info: resolveRequestInfo('DELETE', '/api/v1/namespaces/n/pods/p', new URLSearchParams()),
    user: { name: 'u', groups: [] },
    outcome: { code: 200, bytes: 0 },
    response: {},
    auditAnnotations: new Map(),
    receivedAt: 0,
  } as unknown as RequestContext;
  const decision = { level: 'Metadata', omitStages: new Set(['RequestReceived']), omitManagedFields: false } as const;
  const record = new AuditRecord(context, decision as unknown as AuditDecision, {
    process: (batch) => Promise.resolve(events.push(...batch) > 0),
    close: () => Promise.resolve(),
  });
  gone = true;
  await record.complete();
  assert.deepEqual(
    events.map(({ stage, sourceIps }) => [stage, sourceIps]),
    [['ResponseComplete', ['10.0.0.9']]],
  );
});
