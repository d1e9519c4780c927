/** CertificateSigningRequests: asked for, approved with kubectl, signed by the built-in signers, then used. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { call, createGlobal, mergePatch, refusal } from '../src/calls.ts';
import { signingRequest } from '../src/certificate.ts';
import type { PromiseContext } from '../src/context.ts';
import type { ClientCertificate } from '../src/http.ts';
import { impersonating, kubectlWith, ownUser, whoIs } from '../src/identity.ts';
import { area, type PromiseOptions } from '../src/promise.ts';
import { type WatchedObject, waitForCollection } from '../src/watch.ts';

const promise = area('signing requests');
const kubectl: PromiseOptions = { needs: ['kubectl'] };
const collection = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

interface Signing extends WatchedObject {
  spec: Record<string, unknown> & { username: string; groups: string[] };
  status?: { certificate?: string; conditions?: { type: string; status: string; reason?: string; message?: string }[] };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Asks as the user of the kubeconfig; the object has the name of the promise's namespace. */
async function ask(
  context: PromiseContext,
  user: string,
  organizations: string[],
  spec: object = {},
): Promise<{ made: Signing; key: string }> {
  const { request, key } = signingRequest(user, organizations);
  const made = await createGlobal<Signing>(context, collection, {
    metadata: { name: context.namespace },
    spec: {
      request: base64(request),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      ...spec,
    },
  });
  return { made, key };
}

function settled(context: PromiseContext, what: (object: Signing) => boolean): Promise<Signing> {
  return waitForCollection(context.http, collection, context.signal, (objects) => {
    const found = objects.get(`/${context.namespace}`) as Signing | undefined;
    return found !== undefined && what(found) && found;
  });
}

async function signed(context: PromiseContext, key: string): Promise<ClientCertificate> {
  const { status } = await settled(context, (object) => object.status?.certificate !== undefined);
  return { certificate: Buffer.from(status?.certificate ?? '', 'base64').toString(), key };
}

promise(
  'a request names who asks, and once approved the certificate makes a user of the subject',
  async (context) => {
    const user = ownUser(context);
    const { made, key } = await ask(context, user, ['dev', 'ops'], { expirationSeconds: 3600 });
    assert.equal(made.spec.username, (await whoIs(context, {}))?.username);
    const table = await context.kubectl.run(['get', 'csr', context.namespace]);
    assert.match(table, /^NAME +AGE +SIGNERNAME +REQUESTOR +REQUESTEDDURATION +CONDITION\n.* 60m +Pending\n$/);
    assert.equal(
      await context.kubectl.run(['certificate', 'approve', context.namespace]),
      `certificatesigningrequest.certificates.k8s.io/${context.namespace} approved\n`,
    );
    const certificate = await signed(context, key);
    assert.match(await context.kubectl.run(['get', 'csr', context.namespace]), /Approved,Issued\n$/);
    const x509 = new X509Certificate(certificate.certificate);
    assert.equal(
      x509.subject
        .split(/ \+ |\n/)
        .toSorted()
        .join(),
      `CN=${user},O=dev,O=ops`,
    );
    const life = (Date.parse(x509.validTo) - Date.parse(x509.validFrom)) / 1000;
    assert.ok(life >= 3600 && life <= 3600 + 600, `valid for ${life} s`);
    const info = await whoIs(context, { certificate });
    assert.deepEqual([info?.username, info?.groups], [user, ['dev', 'ops', 'system:authenticated']]);
    assert.match(info?.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '', /^X509SHA256=[0-9a-f]{64}$/);
    const answer = await kubectlWith(context, certificate).fails(['get', 'pods']);
    assert.match(answer, new RegExp(`User "${user}" cannot list resource "pods"`));
  },
  kubectl,
);

promise(
  'a node joins: its identity is asked for, approved, and then limited to what nodes may do',
  async (context) => {
    const name = context.namespace;
    const { key } = await ask(context, `system:node:${name}`, ['system:nodes'], {
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', 'client auth'],
    });
    await context.kubectl.run(['certificate', 'approve', name]);
    const certificate = await signed(context, key);
    const info = await whoIs(context, { certificate });
    assert.deepEqual([info?.username, info?.groups], [`system:node:${name}`, ['system:nodes', 'system:authenticated']]);
    context.onCleanup(async () => {
      await context.http.request('DELETE', `/api/v1/nodes/${name}`);
    });
    const nodes = '/api/v1/nodes';
    await call(context, 201, 'POST', nodes, { body: { metadata: { name } }, certificate });
    await call(context, 200, 'GET', `${nodes}/${name}`, { certificate });
    const other = { body: { metadata: { name: `${name}-other` } }, certificate };
    assert.match(await refusal(context, 'POST', nodes, other), /^403 Forbidden: .*is not allowed to modify node/);
    const secrets = '/api/v1/namespaces/kube-system/secrets';
    assert.match(await refusal(context, 'GET', secrets, { certificate }), /^403 Forbidden: /);
    assert.match(await refusal(context, 'GET', '/api/v1/pods', { certificate }), /^403 Forbidden: /);
    const node = kubectlWith(context, certificate);
    assert.match(await node.run(['label', 'node', name, 'color=blue']), /labeled/);
    const own = await node.run([
      'get',
      'pods',
      '--all-namespaces',
      `--field-selector=spec.nodeName=${name}`,
      '-o',
      'name',
    ]);
    assert.equal(own, '');
  },
  kubectl,
);

promise(
  'a denied request is never signed, and cannot be approved any more',
  async (context) => {
    await ask(context, ownUser(context), []);
    assert.match(await context.kubectl.run(['certificate', 'deny', context.namespace]), / denied\n$/);
    const { status } = await settled(context, (object) => (object.status?.conditions?.length ?? 0) > 0);
    assert.deepEqual(
      status?.conditions?.map(({ type, status: value, reason }) => [type, value, reason]),
      [['Denied', 'True', 'KubectlDeny']],
    );
    assert.match(await context.kubectl.run(['get', 'csr', context.namespace]), /Denied\n$/);
    const condition = { type: 'Approved', status: 'True', reason: 'x' };
    assert.match(
      await refusal(context, 'PATCH', `${collection}/${context.namespace}/approval`, {
        body: { status: { conditions: [...(status?.conditions ?? []), condition] } },
        headers: mergePatch,
      }),
      /^422 Invalid: .*status\.conditions: Invalid value: "Denied,?Approved"|^422 Invalid: .*Approved and Denied conditions are mutually exclusive/,
    );
  },
  kubectl,
);

promise(
  'what a signer may not sign is marked Failed though it was approved',
  async (context) => {
    await ask(context, 'not-a-node', ['system:nodes'], {
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', 'client auth'],
    });
    await context.kubectl.run(['certificate', 'approve', context.namespace]);
    const { status } = await settled(
      context,
      (object) => object.status?.conditions?.some(({ type }) => type === 'Failed') === true,
    );
    const failed = status?.conditions?.find(({ type }) => type === 'Failed');
    assert.deepEqual([failed?.status, failed?.reason], ['True', 'SignerValidationFailure']);
    assert.equal(status?.certificate, undefined);
  },
  kubectl,
);

promise('what a request asks never changes, and who asks cannot be made up', async (context) => {
  const user = ownUser(context);
  const { made } = await ask(context, user, [], { username: 'system:admin', groups: ['system:masters'], uid: 'x' });
  const who = await whoIs(context, {});
  assert.deepEqual([made.spec.username, made.spec.groups], [who?.username, who?.groups]);
  const path = `${collection}/${context.namespace}`;
  const other = { spec: { usages: ['server auth'], signerName: 'example.com/other' } };
  const answer = await context.http.request('PATCH', path, { body: other, headers: mergePatch });
  assert.deepEqual(answer.status === 200 ? answer.json<Signing>().spec : answer.text(), made.spec);
  const status = { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'x' }] } };
  await call(context, 200, 'PATCH', path, { body: status, headers: mergePatch });
  const { status: after } = await call<Signing>(context, 200, 'GET', path);
  assert.deepEqual(after ?? {}, {}, 'approval has its own subresource');
  const as = { headers: { ...mergePatch, ...impersonating(user).headers } };
  assert.match(await refusal(context, 'PATCH', `${path}/approval`, { body: status, ...as }), /^403 Forbidden: /);
});

promise('a request that is none is refused with the field', async (context) => {
  const spec = { request: base64('nonsense'), signerName: 'example.com/x', usages: ['client auth'] };
  const metadata = { name: context.namespace };
  assert.match(
    await refusal(context, 'POST', collection, { body: { metadata, spec } }),
    /^422 Invalid: .*spec\.request: Invalid value: .*PEM block type must be CERTIFICATE REQUEST/,
  );
  const { request } = signingRequest('x');
  const bad = { request: base64(request), signerName: 'nonsense', usages: ['fly'], expirationSeconds: 1 };
  const answer = await context.http.request('POST', collection, { body: { metadata, spec: bad } });
  const { details } = answer.json<{ details: { causes: { field: string }[] } }>();
  assert.deepEqual(details.causes.map(({ field }) => field).toSorted(), [
    'spec.expirationSeconds',
    'spec.signerName',
    'spec.usages[0]',
  ]);
});
