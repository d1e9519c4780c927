import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { KubernetesObject } from '../meta/index.ts';
import {
  CodecError,
  encodeForStorage,
  endOfMetadata,
  jsonSerializer,
  listBody,
  negotiate,
  parseJson,
  textWithoutManagedFields,
  withResourceVersion,
  yamlSerializer,
} from './index.ts';

const json = (text: string, strict = false) => jsonSerializer.decode(Buffer.from(text), { strict });
const yaml = (text: string, strict = false) => yamlSerializer.decode(Buffer.from(text), { strict });

for (const [text, message] of [
  ['', 'unexpected end of JSON input'],
  ['{"a":', 'unexpected end of JSON input'],
  ['{"a":}', "invalid character '}' looking for beginning of value"],
  ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['[1 2]', "invalid character '2' after array element"],
  ['{"a":1}x', "invalid character 'x' after top-level value"],
  ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
  ['{"a":"\n"}', String.raw`invalid character '\n' in string literal`],
  ['{"a":"\\x"}', "invalid character 'x' in string escape code"],
  ['{"a":1.}', "invalid character '}' after decimal point in numeric literal"],
  ['{"a":-}', "invalid character '}' in numeric literal"],
  ['{"a":1e}', "invalid character '}' in exponent of numeric literal"],
  [`{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`, "invalid character '[' exceeded max depth"],
] as const) {
  test(`malformed JSON: ${text.slice(0, 20)}`, () => {
    assert.throws(() => parseJson(text), { name: 'CodecError', message });
    assert.throws(() => json(text), { message: `couldn't get version/kind; json parse error: ${message}` });
  });
}

test('a body must be an object', () => {
  for (const text of ['[]', '"x"', '1', 'true', '12345678901234567890']) assert.throws(() => json(text), CodecError);
  assert.deepEqual(json('null').object, {});
});

test('duplicate fields are found when asked for, with their paths; the last one counts', () => {
  const text = '{"a":{"b":1,"b":2},"c":[{"d":1},{"d":1,"d\\u0000":0,"d":3}],"a\\"}":"{\\"x\\":1}"}';
  assert.deepEqual(json(text).duplicateFields, []);
  const strict = json(text, true);
  assert.deepEqual(strict.duplicateFields, ['a.b', 'c[1].d']);
  assert.deepEqual(strict.strictErrors, ['duplicate field "a.b"', 'duplicate field "c[1].d"']);
  assert.deepEqual(strict.object.a, { b: 2 });
  assert.deepEqual(json('{"a":{"b":[{},{"c":":"}]},"d":"\\\\"}', true).duplicateFields, []);
});

test('integers beyond 2^53 come through digit for digit', () => {
  const text = '{"a":9223372036854775807,"b":[-9007199254740993],"c":1.0,"d":"12345678901234567890"}';
  assert.equal(
    JSON.stringify(json(text, true).object),
    '{"a":9223372036854775807,"b":[-9007199254740993],"c":1,"d":"12345678901234567890"}',
  );
});

test('property: whatever JSON.stringify writes comes back, without duplicates', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (object) => {
      const text = JSON.stringify(object);
      const decoded = json(text, true);
      assert.equal(JSON.stringify(decoded.object), JSON.stringify(JSON.parse(text)));
      assert.deepEqual(decoded.duplicateFields, []);
    }),
  );
});

test('property: any text is decoded or refused as JSON.parse would, never anything else', () => {
  const unit = fc.constantFrom('{', '}', '[', ']', '"', ':', ',', 'a', '1', '-', '.', 'e', ' ', '\\', 'true', 'null');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
      let expected: unknown;
      let valid = true;
      try {
        expected = JSON.parse(text);
      } catch {
        valid = false;
      }
      if (valid) assert.deepEqual(parseJson(text, { strict: true }).value, expected);
      else assert.throws(() => parseJson(text, { strict: true }), CodecError);
    }),
    { numRuns: 2000 },
  );
});

test('YAML is read as YAML 1.1 with the types that Go knows', () => {
  const text = [
    'yes: on',
    'octal: 0777',
    'hex: 0x1F',
    'underscore: 1_000',
    'time: 1:30',
    'date: 2001-01-01',
    'big: 9223372036854775807',
    'none: ~',
    'quoted: "yes"',
    'binary: !!binary aGk=',
    '1: number',
    'base: &base {a: 1, b: 2}',
    'merged: {<<: *base, b: 3}',
    '---',
    'second: document',
  ].join('\n');
  assert.equal(
    JSON.stringify(yaml(text).object),
    '{"1":"number","true":true,"octal":511,"hex":31,"underscore":1000,"time":"1:30","date":"2001-01-01","big":9223372036854775807,"none":null,"quoted":"yes","binary":"hi","base":{"a":1,"b":2},"merged":{"a":1,"b":3}}',
  );
});

test('JSON: fields that come again below a long name take no longer than others', () => {
  const name = 'k'.repeat(200_000);
  const again = '"x":{"a":1,"a":1},'.repeat(20_000);
  const started = process.cpuUsage();
  const { duplicateFields, fields } = jsonSerializer.decode(Buffer.from(`{"${name}":{${again}"x":1}}`), {
    strict: true,
  });
  assert.ok(process.cpuUsage(started).user < 3_000_000);
  assert.deepEqual(duplicateFields, [`${name}.x.a`, `${name}.x`]);
  assert.equal(fields, undefined);
});

test('JSON: a number that is none of Go is refused, one that looks long is not', () => {
  const read = (text: string) => jsonSerializer.decode(Buffer.from(text)).object;
  for (const text of ['{"a":1e999}', '{"a":[1,-1E+400]}', '{"a":{"b": 12.5e1000}}'])
    assert.throws(() => read(text), {
      name: 'CodecError',
      message: /cannot unmarshal number \S+ into Go value of type float64$/,
    });
  assert.deepEqual(read('{"a":1e-999,"b":1e100,"c":"x,1e999"}'), { a: 0, b: 1e100, c: 'x,1e999' });
});

test('YAML: duplicates by line, bombs and nonsense refused, JSON taken as such', () => {
  const decoded = yaml('a: 1\nb:\n  c: 1\n  c: 2\na: 3\n', true);
  assert.deepEqual(decoded.duplicateFields, ['b.c', 'a']);
  assert.deepEqual(decoded.strictErrors, ['line 4: key "c" already set in map', 'line 5: key "a" already set in map']);
  assert.deepEqual(decoded.object, { a: 3, b: { c: 2 } });
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    'b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]',
    'c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]',
    'd: [*c,*c,*c,*c,*c,*c]',
  ];
  assert.throws(() => yaml(bomb.join('\n')), { message: 'yaml: document contains excessive aliasing' });
  const named = (mark: string) => Array.from({ length: 20_000 }, (_, index) => `- ${mark}${index}`);
  const many = ['a:', ...named('&a').map((line) => `${line} x`), ...named('*a')];
  const started = process.cpuUsage();
  assert.throws(() => yaml(many.join('\n')), { message: 'yaml: document contains excessive aliasing' });
  assert.ok(process.cpuUsage(started).user < 8_000_000);
  assert.throws(() => yaml('a: b: c'), { name: 'CodecError', message: /^yaml: line 1: / });
  assert.throws(() => yaml('a: [1\nb: 2'), { name: 'CodecError', message: /^yaml: line 2: / });
  assert.throws(() => yaml('['.repeat(5000)), CodecError);
  assert.throws(
    () => yaml(Array.from({ length: 1200 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')),
    CodecError,
  );
  assert.throws(() => yaml('a: .inf'), { message: /unsupported value: \+Inf/ });
  assert.throws(() => yaml('- a'), CodecError);
  assert.deepEqual(yaml('').object, {});
  assert.deepEqual(yaml('{"a":1,"a":2}', true).strictErrors, ['duplicate field "a"']);
  assert.deepEqual(yaml('{a: 1}').object, { a: 1 });
});

test('YAML written reads back the same, keys sorted, words that are booleans quoted', () => {
  const object = {
    kind: 'Pod',
    apiVersion: 'v1',
    spec: { b: ['yes', 'x'], a: 'on', n: '1', empty: {}, text: 'a\nb\n' },
  };
  const text = yamlSerializer.encode(object).toString();
  assert.deepEqual(yaml(text).object, object);
  assert.ok(text.startsWith('apiVersion: v1\nkind: Pod\nspec:\n  a: "on"\n  b:\n  - "yes"\n'), text);
});

test('storage bytes start with kind and metadata, and take a resource version without parsing', () => {
  const object = {
    spec: { '1': 'x' },
    metadata: { name: '"metadata":{', resourceVersion: '9' },
    kind: 'T"metadata":{',
    apiVersion: 'v1',
    '1': { metadata: { a: 1 } },
  };
  const stored = encodeForStorage(object);
  assert.ok(stored.toString().startsWith('{"apiVersion":"v1","kind":"T\\"metadata\\":{","metadata":{"name":'));
  assert.deepEqual(JSON.parse(stored.toString()), { ...object, metadata: { name: '"metadata":{' } });
  assert.deepEqual(JSON.parse(withResourceVersion(stored, 42).toString()), {
    ...object,
    metadata: { name: '"metadata":{', resourceVersion: '42' },
  });
  assert.deepEqual(JSON.parse(withResourceVersion(encodeForStorage({}), '7').toString()), {
    apiVersion: '',
    kind: '',
    metadata: { resourceVersion: '7' },
  });
  assert.throws(() => withResourceVersion(Buffer.from('{}'), 1), /no metadata/);
});

test('lists and watch events are made of encoded objects', () => {
  const item = Buffer.from('{"metadata":{}}');
  for (const items of [[], [item], [item, item]]) {
    const body = Buffer.concat(listBody('v1', 'PodList', { resourceVersion: '5' }, items)).toString();
    assert.deepEqual(JSON.parse(body), {
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: { resourceVersion: '5' },
      items: items.map(() => ({ metadata: {} })),
    });
  }
  assert.equal(jsonSerializer.streamFrame('ADDED', item).toString(), '{"type":"ADDED","object":{"metadata":{}}}\n');
});

const available = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

for (const [accept, mediaType] of [
  [undefined, 'application/json'],
  ['', 'application/json'],
  ['*/*', 'application/json'],
  ['application/*', 'application/json'],
  ['application/yaml', 'application/yaml'],
  ['application/yaml;q=0.1, application/json;q=0.2', 'application/json'],
  ['*/*, application/yaml', 'application/yaml'],
  ['text/html, application/vnd.kubernetes.protobuf;q=0.9, */*;q=0.1', 'application/vnd.kubernetes.protobuf'],
  ['APPLICATION/JSON', undefined],
  ['text/html', undefined],
  ['application/json;q=0', 'application/json'],
  ['application/json;q=much, application/yaml;q=0.1', 'application/yaml'],
  ['application/json/yaml', undefined],
  ['*/json', undefined],
  ['*', 'application/json'],
  ['nonsense', undefined],
] as const) {
  test(`Accept: ${accept} → ${mediaType}`, () => {
    assert.equal(negotiate(accept, available)?.mediaType, mediaType);
  });
}

test('Accept parameters: the first that the endpoint can answer', () => {
  const header =
    'application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json';
  assert.deepEqual(negotiate(header, available)?.as, { group: 'meta.k8s.io', version: 'v1', kind: 'Table' });
  assert.equal(negotiate(header, available, ({ as }) => as?.version === 'v1beta1')?.as?.version, 'v1beta1');
  assert.equal(negotiate(header, available, ({ as }) => as === undefined)?.as, undefined);
  assert.equal(negotiate('application/json;stream=watch', available)?.stream, 'watch');
  assert.equal(
    negotiate('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList;profile=nopeer', available)
      ?.profile,
    'nopeer',
  );
});

test('a stored object is read without its managed fields, wherever they stand', () => {
  const managedFields = [{ manager: 'a', fieldsV1: { 'f:data': { 'k:{"name":"]}"}': {} } } }, {}];
  const data = { managedFields: [[1], 2] };
  for (const metadata of [
    { name: 'a', managedFields },
    { managedFields, name: 'a' },
    { name: 'a', managedFields, labels: { b: 'c' } },
    { managedFields },
    { managedFields: [] },
    { name: 'a' },
  ]) {
    const stored = encodeForStorage({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data } as KubernetesObject);
    const { managedFields: _, ...rest } = metadata as { managedFields?: unknown };
    const read: unknown = JSON.parse(textWithoutManagedFields(stored, endOfMetadata(stored)));
    assert.deepEqual(read, { apiVersion: 'v1', kind: 'ConfigMap', metadata: rest, data });
  }
});
