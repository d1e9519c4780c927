import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestServer, type TestServer } from './testing/test-server.ts';

let strict: TestServer;
let lenient: TestServer;

before(async () => {
  [strict, lenient] = await Promise.all([
    startTestServer({ disableAdmissionPlugins: ['ServiceAccount'] }),
    startTestServer({ disableAdmissionPlugins: ['ServiceAccount'], allowPrivileged: true }),
  ]);
});
after(async () => {
  await Promise.all([strict.close(), lenient.close()]);
});

interface Refusal {
  details: { causes: { field: string; message: string }[] };
}

const podSpec = {
  containers: [
    { name: 'a', image: 'i' },
    { name: 'b', image: 'i', securityContext: { privileged: true } },
  ],
};
const labels = { app: 'a' };
const template = { metadata: { labels }, spec: podSpec };
const jobTemplate = { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } };
const selector = { matchLabels: labels };

const objects: readonly [target: string, body: object, at: string][] = [
  ['/api/v1/namespaces/default/pods', { spec: podSpec }, 'spec'],
  ['/api/v1/namespaces/default/podtemplates', { template }, 'template.spec'],
  ['/apis/apps/v1/namespaces/default/deployments', { spec: { selector, template } }, 'spec.template.spec'],
  ['/apis/apps/v1/namespaces/default/daemonsets', { spec: { selector, template } }, 'spec.template.spec'],
  [
    '/apis/batch/v1/namespaces/default/cronjobs',
    { spec: { schedule: '* * * * *', jobTemplate } },
    'spec.jobTemplate.spec.template.spec',
  ],
];

for (const [target, body, at] of objects) {
  const resource = target.split('/').at(-1)!;
  test(`${resource}: privileged containers want --allow-privileged`, async () => {
    const object = { metadata: { name: 'privileged' }, ...body };
    const refused = await strict.call('POST', target, { body: object });
    assert.equal(refused.status, 422, refused.text);
    assert.deepEqual(
      refused.json<Refusal>().details.causes.map(({ field, message }) => [field, message]),
      [[`${at}.containers[1].securityContext.privileged`, 'Forbidden: disallowed by cluster policy']],
    );
    const taken = await lenient.call('POST', target, { body: object });
    assert.equal(taken.status, 201, taken.text);
  });
}

test('others may not become privileged', async () => {
  const target = '/apis/apps/v1/namespaces/default/deployments';
  const plain = { containers: [{ name: 'a', image: 'i' }] };
  const made = await strict.call('POST', target, {
    body: { metadata: { name: 'plain' }, spec: { selector, template: { metadata: { labels }, spec: plain } } },
  });
  assert.equal(made.status, 201, made.text);
  const changed = await strict.call('PATCH', `${target}/plain`, {
    headers: { 'content-type': 'application/strategic-merge-patch+json' },
    body: { spec: { template: { spec: podSpec } } },
  });
  assert.equal(changed.status, 422, changed.text);
});
