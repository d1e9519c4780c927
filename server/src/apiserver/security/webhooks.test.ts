/** Tokens and permissions that remote services know, over HTTPS; the authorizers by AuthorizationConfiguration. */
import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TestClient } from '../testing/client.ts';
import { reason, until } from '../testing/grants.ts';
import { ReviewService } from '../testing/review-service.ts';
import { startTarget, type Target } from '../testing/target.ts';

let target: Target;
let tokens: ReviewService;
let first: ReviewService;
let second: ReviewService;
let file: string;
let files: { first: string; second: string };

function configuration(conditions: string[]): string {
  const webhook = (kubeConfigFile: string, more: object): object => ({
    authorizedTTL: '300s',
    unauthorizedTTL: '300s',
    timeout: '3s',
    subjectAccessReviewVersion: 'v1',
    connectionInfo: { type: 'KubeConfigFile', kubeConfigFile },
    ...more,
  });
  return JSON.stringify({
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'AuthorizationConfiguration',
    authorizers: [
      {
        type: 'Webhook',
        name: 'first',
        webhook: webhook(files.first, {
          failurePolicy: 'Deny',
          matchConditionSubjectAccessReviewVersion: 'v1',
          matchConditions: conditions.map((expression) => ({ expression })),
        }),
      },
      { type: 'Node', name: 'node' },
      { type: 'RBAC', name: 'rbac' },
      { type: 'Webhook', name: 'second', webhook: webhook(files.second, { failurePolicy: 'NoOpinion' }) },
    ],
  });
}

const inGuarded = ['has(request.resourceAttributes)', "request.resourceAttributes.namespace == 'guarded'"];

before(async () => {
  [tokens, first, second] = await Promise.all([ReviewService.start(), ReviewService.start(), ReviewService.start()]);
  target = await startTarget(async (directory) => {
    const tokenFile = await tokens.writeKubeconfig(path.join(directory, 'tokens.kubeconfig'));
    files = {
      first: await first.writeKubeconfig(path.join(directory, 'first.kubeconfig')),
      second: await second.writeKubeconfig(path.join(directory, 'second.kubeconfig')),
    };
    file = path.join(directory, 'authorization.yaml');
    await writeFile(file, configuration(inGuarded));
    return {
      options: {
        authenticationTokenWebhookConfigFile: tokenFile,
        authenticationTokenWebhookVersion: 'v1',
        authorizationConfig: file,
      },
      flags: {
        'authentication-token-webhook-config-file': tokenFile,
        'authentication-token-webhook-version': 'v1',
        'authorization-config': file,
        'authorization-mode': '',
      },
    };
  });
});
after(async () => {
  await target?.stop();
  await Promise.all([tokens, first, second].map((service) => service?.stop()));
});

const audience = 'https://kubernetes.default.svc';

async function whoIs(token: string): Promise<unknown> {
  const client = target.bearer(token);
  const answer = await client.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {});
  client.close();
  if (answer.status !== 201) return answer.status;
  return answer.json<{ status: { userInfo: object } }>().status.userInfo;
}

describe('tokens', () => {
  test('a user of the service, asked for once', async () => {
    const user = { username: 'ann', uid: '7', groups: ['g'], extra: { scope: ['a', 'b'] } };
    tokens.answer = () => ({ authenticated: true, user, audiences: [audience] });
    const expected = { ...user, groups: ['g', 'system:authenticated'] };
    assert.deepEqual(await whoIs('remote-1'), expected);
    assert.deepEqual(await whoIs('remote-1'), expected);
    const asked = tokens.asked.filter(({ spec }) => spec['token'] === 'remote-1');
    assert.deepEqual(asked, [
      {
        ...asked[0],
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenReview',
        spec: { token: 'remote-1', audiences: [audience] },
      },
    ]);
  });
  test('a service that knows no audiences means ours', async () => {
    tokens.answer = () => ({ authenticated: true, user: { username: 'ann' } });
    assert.deepEqual(await whoIs('remote-2'), { username: 'ann', groups: ['system:authenticated'] });
  });
  test('another audience lets nobody in', async () => {
    tokens.answer = () => ({ authenticated: true, user: { username: 'ann' }, audiences: ['vault'] });
    assert.equal(await whoIs('remote-3'), 401);
  });
  test('nor does a refusal, or an answer that is none', async () => {
    tokens.answer = () => ({ authenticated: false, user: { username: 'ann' }, error: 'no such token' });
    assert.equal(await whoIs('remote-4'), 401);
    tokens.answer = () => 403;
    assert.equal(await whoIs('remote-5'), 401);
  });
  test('tokens of ours are not shown to it', async () => {
    tokens.asked.length = 0;
    tokens.answer = () => ({ authenticated: false });
    await target.admin.post('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } });
    const issued = await target.admin.post('/api/v1/namespaces/default/serviceaccounts/robot/token', {});
    const { token } = issued.json<{ status: { token: string } }>().status;
    assert.notEqual(await whoIs(token), 401);
    assert.equal(tokens.asked.length, 0);
  });
});

describe('permissions', () => {
  let jane: TestClient;
  before(async () => {
    jane = await target.user('jane', 'dev');
    for (const name of ['guarded', 'open']) await target.admin.post('/api/v1/namespaces', { metadata: { name } });
  });
  const pods = (namespace: string, query = ''): string => `/api/v1/namespaces/${namespace}/pods${query}`;

  test('the last is asked about what no other allows, and its answer remembered', async () => {
    second.asked.length = 0;
    second.answer = () => ({ allowed: true, reason: 'because' });
    assert.equal((await jane.get(pods('open'))).status, 200);
    assert.equal((await jane.get(pods('open'))).status, 200);
    assert.equal(second.asked.length, 1);
    assert.deepEqual(second.asked[0]?.spec, {
      resourceAttributes: { namespace: 'open', verb: 'list', version: 'v1', resource: 'pods' },
      user: 'jane',
      groups: ['dev', 'system:authenticated'],
      extra: second.asked[0]?.spec['extra'],
    });
    assert.equal(first.asked.length, 0);
  });
  test('selectors are part of the question', async () => {
    second.asked.length = 0;
    const query = '?fieldSelector=spec.nodeName%3Dn1,status.phase!%3DFailed&labelSelector=app%20in%20(a,b),!tier,x';
    assert.equal((await jane.get(pods('open', query))).status, 200);
    assert.deepEqual(second.asked[0]?.spec['resourceAttributes'], {
      namespace: 'open',
      verb: 'list',
      version: 'v1',
      resource: 'pods',
      fieldSelector: {
        requirements: [
          { key: 'spec.nodeName', operator: 'In', values: ['n1'] },
          { key: 'status.phase', operator: 'NotIn', values: ['Failed'] },
        ],
      },
      labelSelector: {
        requirements: [
          { key: 'app', operator: 'In', values: ['a', 'b'] },
          { key: 'tier', operator: 'DoesNotExist' },
          { key: 'x', operator: 'Exists' },
        ],
      },
    });
  });
  test('paths have questions of their own', async () => {
    second.answer = ({ spec }) => ({ allowed: JSON.stringify(spec).includes('/metrics') });
    assert.equal((await jane.get('/metrics')).status, 200);
    assert.equal((await jane.get('/logs/')).status, 403);
    assert.ok(
      second.asked.some(({ spec }) => (spec['nonResourceAttributes'] as { path?: string })?.path === '/metrics'),
    );
  });
  test('a denial ends the chain, with its reason', async () => {
    first.asked.length = 0;
    first.answer = () => ({ allowed: false, denied: true, reason: 'not on Sundays' });
    const answer = await jane.get(pods('guarded'));
    assert.equal(answer.status, 403);
    assert.match(
      reason(answer),
      /cannot list resource "pods" in API group "" in the namespace "guarded": not on Sundays$/,
    );
    assert.equal(first.asked.length, 1);
  });
  test('without an answer failurePolicy Deny denies', async () => {
    first.answer = () => 403;
    second.asked.length = 0;
    second.answer = () => ({ allowed: true });
    assert.equal((await jane.get(pods('guarded', '?labelSelector=a'))).status, 500);
    assert.equal(second.asked.length, 0);
  });
  test('without an answer failurePolicy NoOpinion asks on', async () => {
    second.answer = () => 403;
    assert.equal((await jane.get(pods('open', '?labelSelector=b'))).status, 500);
    const robot = await target.user('robot', 'system:masters');
    assert.equal((await robot.get(pods('open', '?labelSelector=b'))).status, 200);
  });
  test('the privileged group is never asked about', async () => {
    first.answer = () => ({ allowed: false, denied: true });
    first.asked.length = 0;
    assert.equal((await target.admin.get(pods('guarded'))).status, 200);
    assert.equal(first.asked.length, 0);
  });
  test('a changed file counts; one that is wrong does not', async () => {
    const replace = async (text: string): Promise<void> => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    };
    first.answer = () => ({ allowed: true });
    await replace(configuration(["request.user == 'jane'"]));
    let n = 0;
    const isLetIn = async (): Promise<boolean> =>
      (await jane.get(pods('guarded', `?labelSelector=c${n++}`))).status === 200;
    await until(isLetIn, target.reference ? 90_000 : 20_000);
    await replace('{"kind": "nonsense"}');
    assert.ok(await isLetIn());
  });
});
