/** Custom resources in several versions, between which a webhook converts. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import {
  definitionOf,
  definitions,
  establish,
  jsonPatch,
  merge,
  type Served,
  until,
  versionOf,
} from '../src/definitions.ts';
import { area } from '../src/promise.ts';
import { serveReviews } from '../src/review-server.ts';

const promise = area('conversion webhooks');

interface Conv {
  apiVersion: string;
  kind?: string;
  metadata: { name: string; resourceVersion?: string; labels?: Record<string, string>; finalizers?: string[] };
  hostPort?: string;
  host?: string;
  port?: string;
}

interface Review {
  apiVersion: string;
  kind: string;
  request: { uid: string; desiredAPIVersion: string; objects: Conv[] };
}

function convert(object: Conv, desiredAPIVersion: string): Conv {
  const { hostPort, host, port, ...rest } = object;
  if (desiredAPIVersion.endsWith('/v1')) return { ...rest, apiVersion: desiredAPIVersion, hostPort: `${host}:${port}` };
  const [name = '', number = ''] = (hostPort ?? '').split(':');
  return { ...rest, apiVersion: desiredAPIVersion, host: name, port: number };
}

function answerWith(converted: (object: Conv, apiVersion: string) => object) {
  return ({ apiVersion, kind, request }: Review): object => ({
    apiVersion,
    kind,
    response: {
      uid: request.uid,
      convertedObjects: request.objects.map((object) => converted(object, request.desiredAPIVersion)),
      result: { status: 'Success' },
    },
  });
}

const text = { type: 'string' };

async function setUp(context: PromiseContext, answer: (review: Review) => object) {
  const webhook = await serveReviews(context, answer);
  const versions = [
    versionOf(
      'v1',
      { type: 'object', properties: { hostPort: text } },
      { selectableFields: [{ jsonPath: '.hostPort' }] },
    ),
    versionOf(
      'v2',
      { type: 'object', properties: { host: text, port: text } },
      { storage: false, selectableFields: [{ jsonPath: '.host' }, { jsonPath: '.port' }] },
    ),
  ];
  const conversion = {
    strategy: 'Webhook',
    webhook: { clientConfig: webhook.at('/'), conversionReviewVersions: ['v1', 'v1beta1'] },
  };
  const served = await establish(
    context,
    definitionOf(context, { plural: 'convs', kind: 'Conv' }, versions, { conversion }),
  );
  // Where no webhook answers any more, nobody could read what is to be deleted.
  context.onCleanup(async () => {
    await context.http.request('DELETE', served.collection);
    const body = { spec: { conversion: { strategy: 'None', webhook: null } } };
    await context.http.request('PATCH', `${definitions}/${served.name}`, { body, headers: merge });
  });
  return { served, webhook };
}

async function create(context: PromiseContext, served: Served, version: string, name: string, fields: object) {
  const body = { apiVersion: `${served.group}/${version}`, kind: served.kind, metadata: { name }, ...fields };
  const answer = await context.http.request('POST', served.at(version), { body });
  assert.equal(answer.status, 201, answer.text());
  return answer.json<Conv>();
}

const read = async (context: PromiseContext, served: Served, version: string, name: string): Promise<Conv> => {
  const answer = await context.http.request('GET', `${served.at(version)}/${name}`);
  assert.equal(answer.status, 200, answer.text());
  return answer.json<Conv>();
};

promise(
  'an object is shown and written in either version',
  async (context) => {
    const { served } = await setUp(context, answerWith(convert));
    const created = await create(context, served, 'v1', 'a', { hostPort: 'localhost:8080' });
    const { apiVersion, host, port, metadata } = await read(context, served, 'v2', 'a');
    assert.deepEqual([apiVersion, host, port], [`${served.group}/v2`, 'localhost', '8080']);
    assert.equal(metadata.resourceVersion, created.metadata.resourceVersion);
    assert.equal((await create(context, served, 'v2', 'b', { host: 'other', port: '1' })).host, 'other');
    assert.equal((await read(context, served, 'v1', 'b')).hostPort, 'other:1');
    const body = { port: '2' };
    await context.http.request('PATCH', `${served.at('v2')}/a`, { body, headers: merge });
    assert.equal((await read(context, served, 'v1', 'a')).hostPort, 'localhost:2');
  },
  {
    codename:
      '[sig-api-machinery] CustomResourceConversionWebhook [Privileged:ClusterAdmin] should be able to convert from CR v1 to CR v2 [Conformance]',
  },
);

promise(
  'a list of objects that are stored in two versions is shown in either',
  async (context) => {
    const { served } = await setUp(context, answerWith(convert));
    await create(context, served, 'v1', 'old', { hostPort: 'a:1' });
    const body = [0, 1].map((index) => ({
      op: 'replace',
      path: `/spec/versions/${index}/storage`,
      value: index === 1,
    }));
    const switched = await context.http.request('PATCH', `${definitions}/${served.name}`, { body, headers: jsonPatch });
    assert.equal(switched.status, 200, switched.text());
    await create(context, served, 'v2', 'new', { host: 'b', port: '2' });
    for (const [version, expected] of [
      ['v1', { new: 'b:2', old: 'a:1' }],
      ['v2', { new: 'b', old: 'a' }],
    ] as const) {
      let items: Conv[] = [];
      // The new storage may ask for patience.
      await until(context, async () => {
        const answer = await context.http.request('GET', served.at(version));
        items = answer.json<{ items?: Conv[] }>().items ?? [];
        return answer.status === 200;
      });
      assert.deepEqual(
        Object.fromEntries(items.map(({ metadata, hostPort, host }) => [metadata.name, hostPort ?? host])),
        expected,
      );
      assert.ok(items.every(({ apiVersion }) => apiVersion === `${served.group}/${version}`));
    }
  },
  {
    codename:
      '[sig-api-machinery] CustomResourceConversionWebhook [Privileged:ClusterAdmin] should be able to convert a non homogeneous list of CRs [Conformance]',
  },
);

promise(
  'selectable fields are those of the version that is asked',
  async (context) => {
    const { served } = await setUp(context, answerWith(convert));
    await create(context, served, 'v2', 'a', { host: 'host1', port: '80' });
    await create(context, served, 'v2', 'b', { host: 'host1', port: '8080' });
    await create(context, served, 'v2', 'c', { host: 'host2', port: '80' });
    const selected = async (version: string, selector: string): Promise<string[]> => {
      const answer = await context.http.request(
        'GET',
        `${served.at(version)}?fieldSelector=${encodeURIComponent(selector)}`,
      );
      assert.equal(answer.status, 200, answer.text());
      return answer.json<{ items: Conv[] }>().items.map(({ metadata }) => metadata.name);
    };
    assert.deepEqual(await selected('v2', 'host=host1'), ['a', 'b']);
    assert.deepEqual(await selected('v2', 'host=host1,port=80'), ['a']);
    assert.deepEqual(await selected('v1', 'hostPort=host1:8080'), ['b']);
    const unknown = await context.http.request('GET', `${served.at('v1')}?fieldSelector=host%3Dhost1`);
    assert.equal(unknown.status, 400);
    const from = `${served.at('v1')}?watch=1&fieldSelector=hostPort%3Dhost1:80`;
    const watch = await context.http.open('GET', from, { signal: context.signal });
    const seen: string[] = [];
    let rest = '';
    for await (const part of watch) {
      const lines = (rest + (part as Buffer).toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const { type, object } = JSON.parse(line) as { type: string; object: Conv };
        seen.push(`${type} ${object.metadata.name} ${object.hostPort}`);
      }
      const body = { host: 'host3' };
      if (seen.length === 1) await context.http.request('PATCH', `${served.at('v2')}/a`, { body, headers: merge });
      if (seen.length >= 2) break;
    }
    assert.deepEqual(seen, ['ADDED a host1:80', 'DELETED a host1:80']);
  },
  {
    codename:
      '[sig-api-machinery] CustomResourceFieldSelectors [Privileged:ClusterAdmin] CustomResourceFieldSelectors MUST list and watch custom resources matching the field selector [Conformance]',
  },
);

promise('a webhook may change labels and annotations, and no other metadata', async (context) => {
  let rename = false;
  const { served } = await setUp(
    context,
    answerWith((object, apiVersion) => {
      const converted = convert(object, apiVersion);
      const name = rename ? 'renamed' : converted.metadata.name;
      return {
        ...converted,
        metadata: { ...converted.metadata, name, labels: { by: 'webhook' }, finalizers: ['a/b'] },
      };
    }),
  );
  await create(context, served, 'v1', 'a', { hostPort: 'h:1' });
  const { metadata } = await read(context, served, 'v2', 'a');
  assert.deepEqual([metadata.labels, metadata.finalizers], [{ by: 'webhook' }, undefined]);
  rename = true;
  const body = { apiVersion: `${served.group}/v2`, kind: served.kind, metadata: { name: 'b' }, host: 'h', port: '1' };
  const refused = await context.http.request('POST', served.at('v2'), { body });
  assert.equal(refused.status, 500);
  assert.equal(
    refused.json<{ message: string }>().message,
    `conversion webhook for ${served.group}/v2, Kind=Conv returned invalid object: must have the same name: b != renamed`,
  );
});

promise('what a webhook refuses is told to the client', async (context) => {
  let failing = false;
  const fine = answerWith(convert);
  const { served } = await setUp(context, (review) => {
    if (!failing) return fine(review);
    const { apiVersion, kind, request } = review;
    return { apiVersion, kind, response: { uid: request.uid, result: { status: 'Failure', message: 'not today' } } };
  });
  failing = true;
  const body = { apiVersion: `${served.group}/v2`, kind: served.kind, metadata: { name: 'a' }, host: 'h', port: '1' };
  const refused = await context.http.request('POST', served.at('v2'), { body });
  failing = false;
  assert.equal(refused.status, 500);
  assert.equal(
    refused.json<{ message: string }>().message,
    `conversion webhook for ${served.group}/v2, Kind=Conv failed: not today`,
  );
});
