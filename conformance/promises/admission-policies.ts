/** ValidatingAdmissionPolicy and MutatingAdmissionPolicy: expressions that judge and change what is written. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import type { HttpResponse } from '../src/http.ts';
import { area } from '../src/promise.ts';
import { until } from '../src/until.ts';
import { watchEvents } from '../src/watch.ts';

const promise = area('admission policies');

type Kind = 'Validating' | 'Mutating';
const title = (kind: Kind, what: string) => ({
  codename: `[sig-api-machinery] ${kind}AdmissionPolicy [Privileged:ClusterAdmin] ${what} [Conformance]`,
});

interface Body {
  message?: string;
  reason?: string;
  metadata: { name: string; generation?: number; resourceVersion?: string; annotations?: Record<string, string> };
  spec?: Record<string, unknown> & { replicas?: number };
  status?: { observedGeneration?: number; typeChecking?: { expressionWarnings?: Warning[] } };
  items?: Body[];
}

interface Warning {
  fieldRef: string;
  warning: string;
}

const merge = { 'content-type': 'application/merge-patch+json' };
const policies = (kind: Kind): string => `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}admissionpolicies`;
const bindings = (kind: Kind): string =>
  `/apis/admissionregistration.k8s.io/v1/${kind.toLowerCase()}admissionpolicybindings`;

const matching = (apiGroup: string, resource: string, context?: PromiseContext) => ({
  resourceRules: [{ apiGroups: [apiGroup], apiVersions: ['v1'], operations: ['CREATE'], resources: [resource] }],
  ...(context === undefined
    ? {}
    : { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': context.namespace } } }),
});

async function make(context: PromiseContext, collection: string, body: { metadata: { name: string } }): Promise<Body> {
  context.onCleanup(async () => {
    await context.http.request('DELETE', `${collection}/${body.metadata.name}`);
  });
  const answer = await context.http.request('POST', collection, { body });
  assert.equal(answer.status, 201, answer.text());
  return answer.json<Body>();
}

/** A policy about Deployments of the own namespace, bound. */
async function bind(context: PromiseContext, kind: Kind, spec: object, binding: object = {}): Promise<void> {
  const name = `${context.namespace}.policy.example.com`;
  const matchConstraints = matching('apps', 'deployments', context);
  await make(context, policies(kind), { metadata: { name }, spec: { matchConstraints, ...spec } } as never);
  const actions = kind === 'Validating' ? { validationActions: ['Deny'] } : {};
  await make(context, bindings(kind), {
    metadata: { name: `${context.namespace}.binding.example.com` },
    spec: { policyName: name, ...actions, ...binding },
  } as never);
}

function deploy(context: PromiseContext, name: string, replicas: number): Promise<HttpResponse> {
  const labels = { app: 'web' };
  const containers = [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }];
  const template = { metadata: { labels }, spec: { containers } };
  const body = { metadata: { name }, spec: { replicas, selector: { matchLabels: labels }, template } };
  return context.http.request('POST', `${context.path('apps/v1', 'deployments')}?dryRun=All`, { body });
}

promise(
  'a policy validates Deployments, with the message and reason it gives',
  async (context) => {
    await bind(context, 'Validating', {
      validations: [
        {
          expression: 'object.spec.replicas > 1',
          messageExpression: "'wants more than ' + string(object.spec.replicas)",
          reason: 'Forbidden',
        },
        { expression: 'namespaceObject.metadata.name == object.metadata.namespace' },
      ],
    });
    await until(context, async () => (await deploy(context, 'marker', 1)).status === 403);
    const refused = (await deploy(context, 'small', 1)).json<Body>();
    const { namespace } = context;
    assert.equal(
      refused.message,
      `deployments.apps "small" is forbidden: ValidatingAdmissionPolicy '${namespace}.policy.example.com' with binding '${namespace}.binding.example.com' denied request: wants more than 1`,
    );
    assert.equal(refused.reason, 'Forbidden');
    assert.equal((await deploy(context, 'large', 2)).status, 201);
  },
  title('Validating', 'should validate against a Deployment'),
);

promise(
  'expressions refer to variables',
  async (context) => {
    await bind(context, 'Validating', {
      variables: [
        { name: 'replicas', expression: 'object.spec.replicas' },
        { name: 'oddReplicas', expression: 'variables.replicas % 2 == 1' },
      ],
      validations: [{ expression: 'variables.replicas > 1' }, { expression: 'variables.oddReplicas' }],
    });
    await until(context, async () => (await deploy(context, 'marker', 1)).status === 422);
    const even = await deploy(context, 'even', 4);
    assert.equal(even.status, 422);
    assert.match(even.text(), /denied request: failed expression: variables\.oddReplicas/);
    assert.equal((await deploy(context, 'odd', 3)).status, 201);
  },
  title('Validating', 'should allow expressions to refer variables.'),
);

/** Of a kind of the promise's own: kube-apiserver v1.36 reads built-in kinds only until the first policy that does is gone. */
async function limits(context: PromiseContext): Promise<{ apiVersion: string; path: string }> {
  const group = `${context.namespace}.example.com`;
  const openAPIV3Schema = { type: 'object', properties: { maximum: { type: 'integer' } } };
  await make(context, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    metadata: { name: `limits.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'limits', singular: 'limit', kind: 'Limit' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  } as never);
  const path = context.path(`${group}/v1`, 'limits');
  await until(context, async () => (await context.http.request('GET', path)).status === 200);
  return { apiVersion: `${group}/v1`, path };
}

promise('a policy reads its parameters, and what is missing denies or allows', async (context) => {
  const { apiVersion, path } = await limits(context);
  const body = { apiVersion, kind: 'Limit', metadata: { name: 'most' }, maximum: 2 };
  assert.equal((await context.http.request('POST', path, { body })).status, 201);
  await bind(
    context,
    'Validating',
    {
      paramKind: { apiVersion, kind: 'Limit' },
      validations: [{ expression: 'object.spec.replicas <= params.maximum', message: 'too many' }],
    },
    { paramRef: { name: 'most', parameterNotFoundAction: 'Deny' } },
  );
  await until(context, async () => (await deploy(context, 'marker', 3)).text().includes('denied request: too many'));
  assert.equal((await deploy(context, 'few', 2)).status, 201);
  await context.http.request('DELETE', `${path}/most`);
  const missing = 'no params found for policy binding with `Deny` parameterNotFoundAction';
  await until(context, async () => (await deploy(context, 'few', 2)).text().includes(missing));
});

promise('violations may be told as warnings instead', async (context) => {
  await bind(
    context,
    'Validating',
    { validations: [{ expression: 'object.spec.replicas > 1', message: 'small' }] },
    {
      validationActions: ['Warn', 'Audit'],
    },
  );
  await until(context, async () => {
    const answer = await deploy(context, 'marker', 1);
    assert.equal(answer.status, 201);
    const { warning = '' } = answer.headers;
    return /299 - "Validation failed for ValidatingAdmissionPolicy '.*' with binding '.*': small"/.test(warning);
  });
});

async function warningsOf(context: PromiseContext, spec: object): Promise<Warning[]> {
  const name = `${context.namespace}.policy.example.com`;
  await make(context, policies('Validating'), { metadata: { name }, spec } as never);
  let found: Body | undefined;
  await until(context, async () => {
    found = (await context.http.request('GET', `${policies('Validating')}/${name}`)).json<Body>();
    return found.status?.observedGeneration === found.metadata.generation && found.status?.typeChecking !== undefined;
  });
  return found?.status?.typeChecking?.expressionWarnings ?? [];
}

promise('the types of expressions are checked into the status', async (context) => {
  const warnings = await warningsOf(context, {
    matchConstraints: matching('apps', 'deployments'),
    validations: [
      {
        expression: "object.spec.replicas > '1'",
        messageExpression: "'wants replicas > 1, got ' + object.spec.replicas",
      },
      { expression: 'object.spec.replicas > 1' },
    ],
  });
  assert.deepEqual(
    warnings.map(({ fieldRef }) => fieldRef),
    ['spec.validations[0].expression', 'spec.validations[0].messageExpression'],
  );
  assert.match(warnings[0]?.warning ?? '', /^apps\/v1, Kind=Deployment: ERROR: .*found no matching overload for '_>_'/);
});

const annotate = {
  patchType: 'ApplyConfiguration',
  applyConfiguration: {
    expression: 'Object{metadata: Object.metadata{annotations: {"mutated-by": "admission-policy"}}}',
  },
};
const replicas = (expression: string) => ({
  patchType: 'ApplyConfiguration',
  applyConfiguration: { expression: `Object{spec: Object.spec{replicas: ${expression}}}` },
});

promise(
  'a policy adds annotations to Deployments',
  async (context) => {
    await bind(context, 'Mutating', { reinvocationPolicy: 'Never', mutations: [annotate] });
    await until(context, async () => {
      const { metadata } = (await deploy(context, 'marker', 1)).json<Body>();
      return metadata.annotations?.['mutated-by'] === 'admission-policy';
    });
  },
  title('Mutating', 'should mutate a Deployment with annotations'),
);

promise(
  'a policy changes Deployments, by configurations and by patches',
  async (context) => {
    const expression = `[JSONPatch{op: "replace", path: "/spec/replicas", value: object.spec.replicas * 10}]`;
    const mutations = [replicas('object.spec.replicas + 1'), { patchType: 'JSONPatch', jsonPatch: { expression } }];
    await bind(context, 'Mutating', { reinvocationPolicy: 'Never', mutations });
    await until(context, async () => (await deploy(context, 'marker', 1)).json<Body>().spec?.replicas !== 1);
    const { spec } = (await deploy(context, 'web', 2)).json<Body>();
    assert.equal(spec?.replicas, 30, 'the second mutation sees what the first has done');
  },
  title('Mutating', 'should mutate a Deployment'),
);

/** What every resource can: all verbs upstream's conformance asks of these kinds. */
async function supportsAll(context: PromiseContext, collection: string, spec: object): Promise<void> {
  const labels = { of: context.namespace };
  const list = `${collection}?labelSelector=of%3D${context.namespace}`;
  const empty = (await context.http.request('GET', list)).json<Body>();
  assert.equal(empty.items?.length, 0);
  const version = empty.metadata.resourceVersion ?? '';
  const made: Body[] = [];
  for (const index of [1, 2, 3]) {
    const metadata = { name: `${context.namespace}-${index}`, labels };
    made.push(await make(context, collection, { metadata, spec } as never));
  }
  const path = `${collection}/${made[0]?.metadata.name}`;
  assert.deepEqual((await context.http.request('GET', path)).json<Body>().spec, made[0]?.spec);
  assert.equal((await context.http.request('GET', list)).json<Body>().items?.length, 3);
  const annotated = { metadata: { annotations: { patched: 'true' } } };
  const changed = (await context.http.request('PATCH', path, { body: annotated, headers: merge })).json<Body>();
  assert.equal(changed.metadata.annotations?.patched, 'true');
  // A controller may write the status in between.
  await until(context, async () => {
    const body = (await context.http.request('GET', path)).json<Body>();
    body.metadata.annotations = { updated: 'true' };
    return (await context.http.request('PUT', path, { body })).status === 200;
  });
  const updated = (await context.http.request('GET', path)).json<Body>();
  assert.deepEqual(updated.metadata.annotations, { updated: 'true' });
  assert.equal((await context.http.request('DELETE', path)).status, 200);
  assert.equal((await context.http.request('GET', path)).status, 404);
  assert.equal((await context.http.request('DELETE', list)).status, 200);
  assert.equal((await context.http.request('GET', list)).json<Body>().items?.length, 0);
  const seen: string[] = [];
  const count = (type: string): number => seen.filter((each) => each === type).length;
  for await (const event of watchEvents(context.http, `${list}&watch=1&resourceVersion=${version}`, context.signal)) {
    seen.push(event.type);
    if (count('DELETED') === 3) break;
  }
  assert.equal(count('ADDED'), 3);
  assert.ok(count('MODIFIED') >= 2);
}

const constraints = { matchConstraints: matching('apps', 'nothings') };

promise(
  'validating policies support all API operations',
  (context) =>
    supportsAll(context, policies('Validating'), {
      ...constraints,
      validations: [{ expression: 'object.spec.replicas <= 100' }],
    }),
  title('Validating', 'should support ValidatingAdmissionPolicy API operations'),
);

promise(
  'bindings of validating policies support all API operations',
  (context) =>
    supportsAll(context, bindings('Validating'), {
      policyName: 'replicalimit.example.com',
      validationActions: ['Deny'],
    }),
  title('Validating', 'should support ValidatingAdmissionPolicyBinding API operations'),
);

promise(
  'mutating policies support all API operations',
  (context) =>
    supportsAll(context, policies('Mutating'), { ...constraints, reinvocationPolicy: 'Never', mutations: [annotate] }),
  title('Mutating', 'should support MutatingAdmissionPolicy API operations'),
);

promise(
  'bindings of mutating policies support all API operations',
  (context) => supportsAll(context, bindings('Mutating'), { policyName: 'replicalimit.example.com' }),
  title('Mutating', 'should support MutatingAdmissionPolicyBinding API operations'),
);

promise('expressions that do not compile are refused at their field', async (context) => {
  const body = {
    metadata: { name: context.namespace },
    spec: {
      ...constraints,
      validations: [{ expression: 'object.x' }, { expression: 'undeclared == 1' }],
    },
  };
  const answer = await context.http.request('POST', policies('Validating'), { body });
  assert.equal(answer.status, 422);
  const { message } = answer.json<Body>();
  assert.match(
    message ?? '',
    /spec\.validations\[0\]\.expression: Invalid value: "object\.x": must evaluate to bool but got dyn/,
  );
  assert.match(
    message ?? '',
    /spec\.validations\[1\]\.expression: Invalid value: "undeclared == 1": compilation failed: ERROR: <input>:1:1: undeclared reference to 'undeclared'/,
  );
});
