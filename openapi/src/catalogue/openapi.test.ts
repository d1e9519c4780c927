import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { FieldWriter } from './field-writer.ts';
import { encodeOpenApiV2, encodeOpenApiV3, openApiHash, openApiV2, openApiV3, openApiV3Index } from './index.ts';

type Wire = Map<number, (Buffer | bigint | number)[]>;

/** An independent reader of the wire format: field number → values. */
function decode(bytes: Buffer): Wire {
  const fields: Wire = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      assert.ok(byte !== undefined);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const values = fields.get(key >> 3) ?? [];
    fields.set(key >> 3, values);
    if ((key & 7) === 0) values.push(varint());
    else if ((key & 7) === 1) values.push(bytes.readDoubleLE((at += 8) - 8));
    else {
      assert.equal(key & 7, 2);
      const size = Number(varint());
      values.push(bytes.subarray(at, at + size));
      at += size;
    }
  }
  assert.equal(at, bytes.length);
  return fields;
}

const bytesOf = (wire: Wire, number: number): Buffer[] =>
  (wire.get(number) ?? []).map((value) => (assert.ok(Buffer.isBuffer(value)), value));
const inside = (wire: Wire, ...numbers: number[]): Wire =>
  numbers.reduce((current, number) => decode(bytesOf(current, number)[0] ?? Buffer.alloc(0)), wire);
const textOf = (wire: Wire, number: number): string | undefined => bytesOf(wire, number)[0]?.toString();
/** Entries { name: 1, value: 2 } of a repeated field. */
const named = (wire: Wire, number: number): Map<string, Wire> =>
  new Map(bytesOf(wire, number).map((bytes) => [textOf(decode(bytes), 1) ?? '', inside(decode(bytes), 2)]));

interface Document {
  paths: Record<string, unknown>;
  definitions: Record<string, Record<string, unknown>>;
  components: { schemas: Record<string, Record<string, unknown>> };
}
const json = (body: Buffer | undefined): Document => JSON.parse(body?.toString() ?? '') as Document;

test('the index lists what is served, with the hash of each document', () => {
  const { paths } = openApiV3Index();
  assert.ok(paths['api/v1'] && paths['apis/apps/v1'] && paths['apis/apps'] && paths['version'] && paths['apis']);
  assert.equal(paths['apis/resource.k8s.io/v1beta1'], undefined);
  assert.equal(paths['apis/internal.apiserver.k8s.io'], undefined);
  for (const [path, { serverRelativeURL }] of Object.entries(paths)) {
    const served = openApiV3(path);
    assert.equal(serverRelativeURL, `/openapi/v3/${path}?hash=${served?.hash}`);
    assert.equal(openApiHash(served?.body ?? ''), served?.hash);
  }
  assert.equal(openApiV3('apis/resource.k8s.io/v1beta1'), undefined);
  assert.equal(openApiV3('apis/nothing/v1'), undefined);
  assert.ok(openApiV3Index(() => true).paths['apis/resource.k8s.io/v1beta1']);
});

test('descriptions and enums are in the documents', () => {
  const { schemas } = json(openApiV3('api/v1')?.body).components;
  const container = schemas['io.k8s.api.core.v1.Container'] as { properties: Record<string, Record<string, unknown>> };
  assert.match(String(container.properties['image']?.['description']), /image/);
  assert.deepEqual(container.properties['imagePullPolicy']?.['enum'], ['Always', 'IfNotPresent', 'Never']);
});

test('OpenAPI v2 covers what is served', () => {
  const byDefault = json(openApiV2().body);
  assert.equal(openApiHash(openApiV2().body), openApiV2().hash);
  assert.ok(byDefault.paths['/apis/apps/v1/deployments']);
  assert.equal(byDefault.paths['/apis/resource.k8s.io/v1beta1/deviceclasses'], undefined);
  assert.equal(byDefault.definitions['io.k8s.api.resource.v1beta1.DeviceClass'], undefined);
  const everything = json(openApiV2('json', () => true).body);
  assert.ok(everything.definitions['io.k8s.api.resource.v1beta1.DeviceClass']);
  const appsOnly = openApiV2('json', ({ group }) => group === 'apps');
  assert.ok(json(appsOnly.body).paths['/apis/apps/v1/deployments']);
  assert.equal(json(appsOnly.body).paths['/apis/batch/v1/jobs'], undefined);
  assert.equal(json(appsOnly.body).definitions['io.k8s.api.batch.v1.Job'], undefined);
  assert.ok(json(appsOnly.body).definitions['io.k8s.api.core.v1.PodSpec']);
  assert.equal(openApiV2('json', ({ group }) => group === 'apps').body, appsOnly.body);
  const allButOne = openApiV2('json', ({ version }) => version === 'v1' || version === 'v2');
  assert.deepEqual(json(allButOne.body), byDefault);
});

test('the protobuf form of OpenAPI v2 says what the JSON says', () => {
  const { definitions, paths } = json(openApiV2().body);
  const wire = decode(openApiV2('protobuf').body);
  assert.equal(textOf(wire, 1), '2.0');
  const schemas = named(inside(wire, 9), 1);
  assert.deepEqual([...schemas.keys()], Object.keys(definitions));
  for (const [name, schema] of schemas) {
    const { properties, description, required } = definitions[name] ?? {};
    assert.equal(textOf(schema, 4), description);
    assert.deepEqual(bytesOf(schema, 19).map(String), required ?? []);
    assert.deepEqual([...named(inside(schema, 25), 1).keys()], Object.keys(properties ?? {}));
  }
  const pod = schemas.get('io.k8s.api.core.v1.Pod') ?? new Map<number, never>();
  const kinds = textOf(named(pod, 31).get('x-kubernetes-group-version-kind') ?? new Map<number, never>(), 2);
  assert.deepEqual(parse(kinds ?? ''), [{ group: '', kind: 'Pod', version: 'v1' }]);
  assert.equal(
    textOf(named(inside(pod, 25), 1).get('spec') ?? new Map<number, never>(), 1),
    '#/definitions/io.k8s.api.core.v1.PodSpec',
  );
  const items = named(inside(wire, 8), 2);
  assert.deepEqual([...items.keys()], Object.keys(paths));
  const patch = inside(items.get('/api/v1/namespaces/{namespace}/pods/{name}') ?? new Map<number, never>(), 8);
  assert.equal(textOf(patch, 5), 'patchCoreV1NamespacedPod');
  assert.equal(bytesOf(patch, 7).map(String)[2], 'application/strategic-merge-patch+json');
  const parameters = bytesOf(patch, 8).map(decode);
  assert.equal(textOf(inside(parameters[0] ?? new Map<number, never>(), 2), 1), '#/parameters/body-78PwaGsr');
  assert.equal(textOf(inside(parameters[1] ?? new Map<number, never>(), 1, 2, 3), 4), 'dryRun');
});

test('the protobuf form of OpenAPI v3 says what the JSON says', () => {
  const { components, paths } = json(openApiV3('apis/apps/v1')?.body);
  const wire = decode(openApiV3('apis/apps/v1', 'protobuf')?.body ?? Buffer.alloc(0));
  assert.equal(textOf(wire, 1), '3.0.0');
  const schemas = named(inside(wire, 5, 1), 1);
  assert.deepEqual([...schemas.keys()], Object.keys(components.schemas));
  for (const [name, schema] of schemas)
    assert.equal(textOf(inside(schema, 1), 34), components.schemas[name]?.['description']);
  const quantity = inside(schemas.get('io.k8s.apimachinery.pkg.api.resource.Quantity') ?? new Map<number, never>(), 1);
  assert.deepEqual(
    bytesOf(quantity, 27).map((one) => textOf(inside(decode(one), 1), 25)),
    ['string', 'number'],
  );
  const revision = inside(schemas.get('io.k8s.api.apps.v1.ControllerRevision') ?? new Map<number, never>(), 1);
  const properties = named(inside(revision, 31), 1);
  assert.deepEqual(inside(properties.get('revision') ?? new Map<number, never>(), 1, 33).get(1), [0]);
  const data = inside(properties.get('data') ?? new Map<number, never>(), 1, 26, 2);
  assert.equal(textOf(data, 1), '#/components/schemas/io.k8s.apimachinery.pkg.runtime.RawExtension');
  const items = named(inside(wire, 4), 1);
  assert.deepEqual([...items.keys()], Object.keys(paths));
  const patch = inside(
    items.get('/apis/apps/v1/namespaces/{namespace}/deployments/{name}') ?? new Map<number, never>(),
    10,
  );
  const kind = named(patch, 13).get('x-kubernetes-group-version-kind') ?? new Map<number, never>();
  assert.deepEqual(parse(textOf(kind, 2) ?? ''), { group: 'apps', version: 'v1', kind: 'Deployment' });
  const responses = named(inside(patch, 8), 2);
  assert.deepEqual([...responses.keys()], ['200', '201', '401']);
});

test('schemas of custom resources can be encoded', () => {
  const schema = {
    type: 'object',
    additionalProperties: false,
    properties: {
      size: { type: 'integer', minimum: 1, maximum: 10.5, default: 3 },
      on: { type: 'boolean', default: false, nullable: true },
      names: { type: 'array', items: { type: 'string', pattern: '^a' }, maxItems: 3, uniqueItems: true },
      any: {
        'x-kubernetes-preserve-unknown-fields': true,
        anyOf: [{ type: 'integer' }, { type: 'string' }],
        not: { type: 'null' },
      },
    },
  };
  const v3 = decode(encodeOpenApiV3({ openapi: '3.0.0', components: { schemas: { Widget: schema } } }));
  const widget = inside(named(inside(v3, 5, 1), 1).get('Widget') ?? new Map<number, never>(), 1);
  assert.deepEqual(inside(widget, 32).get(2), [0n]);
  const properties = named(inside(widget, 31), 1);
  const size = inside(properties.get('size') ?? new Map<number, never>(), 1);
  assert.deepEqual([size.get(11), size.get(13), inside(size, 33).get(1)], [[10.5], [1], [3]]);
  assert.deepEqual(inside(properties.get('on') ?? new Map<number, never>(), 1, 33).get(2), [0n]);
  const names = inside(properties.get('names') ?? new Map<number, never>(), 1);
  assert.equal(textOf(inside(names, 30, 1, 1), 17), '^a');
  assert.deepEqual([names.get(18), names.get(20)], [[3n], [1n]]);
  const v2 = decode(encodeOpenApiV2({ swagger: '2.0', definitions: { Widget: { ...schema, enum: ['a', 1] } } }));
  const own = named(inside(v2, 9), 1).get('Widget') ?? new Map<number, never>();
  assert.deepEqual(
    bytesOf(own, 20).map((one) => parse(textOf(decode(one), 2) ?? '') as unknown),
    ['a', 1],
  );
});

test('messages of every length are framed', () => {
  for (const size of [0, 1, 127, 128, 16383, 16384, 70_000, 2_100_000]) {
    const writer = new FieldWriter();
    writer.message(3, (inner) => inner.message(1, (innermost) => innermost.string(2, 'x'.repeat(size))));
    writer.varint(4, -1n);
    const wire = decode(writer.finish());
    assert.equal(textOf(inside(wire, 3, 1), 2)?.length ?? 0, size);
    assert.deepEqual(wire.get(4), [0xffffffffffffffffn]);
  }
});
