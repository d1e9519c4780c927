import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseJson } from '../codec/index.ts';
import {
  applyDefaults,
  checkTypes,
  deepCopy,
  deepEqual,
  plainNumbers,
  strictDecodingError,
  unknownFieldMessage,
} from './index.ts';
import { resolveTestSchema, thingSchema } from './testing/thing.ts';

const check = (value: unknown): ReturnType<typeof checkTypes> => checkTypes(value, thingSchema, resolveTestSchema);

const errors: [text: string, error: string][] = [
  ['{"spec":[]}', 'cannot unmarshal array into Go struct field Thing.spec of type v1.Spec'],
  ['{"metadata":"x"}', 'cannot unmarshal string into Go struct field Thing.metadata of type v1.ObjectMeta'],
  ['{"spec":{"replicas":"1"}}', 'cannot unmarshal string into Go struct field Spec.spec.replicas of type int32'],
  ['{"spec":{"replicas":1.5}}', 'cannot unmarshal number 1.5 into Go struct field Spec.spec.replicas of type int32'],
  [
    '{"spec":{"replicas":2147483648}}',
    'cannot unmarshal number 2147483648 into Go struct field Spec.spec.replicas of type int32',
  ],
  ['{"spec":{"paused":"true"}}', 'cannot unmarshal string into Go struct field Spec.spec.paused of type bool'],
  ['{"spec":{"ratio":"1"}}', 'cannot unmarshal string into Go struct field Spec.spec.ratio of type float64'],
  [
    '{"spec":{"containers":{}}}',
    'cannot unmarshal object into Go struct field Spec.spec.containers of type []v1.Container',
  ],
  [
    '{"spec":{"containers":["x"]}}',
    'cannot unmarshal string into Go struct field Spec.spec.containers of type v1.Container',
  ],
  [
    '{"spec":{"containers":[{},{"ports":[{"number":"80"}]}]}}',
    'cannot unmarshal string into Go struct field Port.spec.containers.ports.number of type int32',
  ],
  [
    '{"spec":{"containers":[{"ports":[{"target":true}]}]}}',
    'cannot unmarshal bool into Go struct field Port.spec.containers.ports.target of type int32',
  ],
  [
    '{"spec":{"containers":[{"args":[1]}]}}',
    'cannot unmarshal number into Go struct field Container.spec.containers.args of type string',
  ],
  [
    '{"metadata":{"labels":{"a":1}}}',
    'cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
  ],
  [
    '{"metadata":{"labels":[]}}',
    'cannot unmarshal array into Go struct field ObjectMeta.metadata.labels of type map[string]string',
  ],
  [
    '{"metadata":{"creationTimestamp":1}}',
    'cannot unmarshal number into Go struct field ObjectMeta.metadata.creationTimestamp of type string',
  ],
];

for (const [text, error] of errors) {
  test(`${text} is refused in Go's words`, () => {
    assert.equal(check({ kind: 'Thing', ...(JSON.parse(text) as object) }).error, `json: ${error}`);
  });
}

for (const [text, error] of [
  ['{"spec":{"containers":[{"limits":{"cpu":"x"}}]}}', /^quantities must match the regular expression/],
  [
    '{"metadata":{"creationTimestamp":"yesterday"}}',
    /^parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"$/,
  ],
  ['{"metadata":{"creationTimestamp":"2024-01-01"}}', /cannot parse "" as "T"$/],
  ['{"metadata":{"creationTimestamp":"2024-02-30T00:00:00Z"}}', /day out of range$/],
  ['{"spec":{"at":"2024-01-01T00:00:00Z"}}', /cannot parse "Z" as ".000000"$/],
  ['{"spec":{"data":"a!"}}', /^illegal base64 data at input byte 1$/],
] as const) {
  test(`${text} is refused`, () => {
    assert.match(check(JSON.parse(text)).error ?? '', error);
  });
}

test('unknown fields go, and are named with indexes and map keys', () => {
  const value = {
    kind: 'Thing',
    foo: 1,
    spec: { containers: [{ name: 'a' }, { name: 'b', bar: {} }], anything: { x: 1 }, raw: { y: null } },
  };
  assert.deepEqual(check(value).unknownFields, ['foo', 'spec.containers[1].bar']);
  assert.deepEqual(value, {
    kind: 'Thing',
    spec: { containers: [{ name: 'a' }, { name: 'b' }], anything: { x: 1 }, raw: { y: null } },
  });
  assert.equal(
    strictDecodingError(['foo', 'a'].map(unknownFieldMessage)),
    'strict decoding error: unknown field "foo", unknown field "a"',
  );
  assert.equal(strictDecodingError([]), undefined);
});

test('names of Object.prototype are unknown fields like any other', () => {
  const value = JSON.parse('{"__proto__":{"a":1},"constructor":1,"metadata":{"labels":{"__proto__":"x"}}}') as Record<
    string,
    unknown
  >;
  assert.deepEqual(check(value).unknownFields, ['__proto__', 'constructor']);
  assert.equal(JSON.stringify(value), '{"metadata":{"labels":{"__proto__":"x"}}}');
});

test('null is absence in structs and the zero value in lists and maps', () => {
  const value = {
    metadata: { name: null, labels: { a: null } },
    spec: { replicas: null, atomic: ['a', null], containers: [null] },
  };
  assert.equal(check(value).error, undefined);
  assert.deepEqual(value, { metadata: { labels: { a: '' } }, spec: { atomic: ['a', ''], containers: [{}] } });
});

test('values take the form Go gives them back in', () => {
  const value = {
    metadata: {
      name: 'a',
      namespace: '',
      generation: 0,
      deletionGracePeriodSeconds: 0,
      annotations: {},
      creationTimestamp: '2024-01-01T01:00:00.5+01:00',
    },
    spec: {
      at: '2024-01-01T01:00:00.123456+01:00',
      atomic: [],
      data: 'aGk=',
      containers: [{ name: '', limits: { cpu: 0.5, memory: ' 1024Ki' } }],
    },
  };
  assert.equal(check(value).error, undefined);
  assert.deepEqual(value, {
    metadata: { name: 'a', deletionGracePeriodSeconds: 0, creationTimestamp: '2024-01-01T00:00:00Z' },
    spec: {
      at: '2024-01-01T00:00:00.123456Z',
      data: 'aGk=',
      containers: [{ name: '', limits: { cpu: '500m', memory: '1Mi' } }],
    },
  });
});

test('a pass over what came out of a pass changes nothing', () => {
  const value = {
    metadata: { name: 'a', labels: { a: 'b' } },
    spec: { containers: [{ name: 'a', limits: { cpu: '1.5' } }] },
  };
  check(value);
  const once = deepCopy(value);
  check(value);
  assert.deepEqual(value, once);
});

test('defaults fill what is absent, inside lists and what is behind references too', () => {
  const value = { spec: { containers: [{ name: 'a', ports: [{ number: 1 }, { number: 2, protocol: 'UDP' }] }] } };
  applyDefaults(value, thingSchema, resolveTestSchema);
  assert.deepEqual(value, {
    spec: {
      replicas: 1,
      containers: [
        {
          name: 'a',
          ports: [
            { number: 1, protocol: 'TCP' },
            { number: 2, protocol: 'UDP' },
          ],
        },
      ],
    },
  });
});

test('semantic equality: absent, null and empty are the same; items and values are not', () => {
  assert.ok(deepEqual({ a: 1, b: [], c: {}, d: null }, { a: 1 }));
  assert.ok(deepEqual({ a: { b: [] } }, { a: {} }));
  assert.ok(!deepEqual({ a: 0 }, {}));
  assert.ok(!deepEqual({ a: '' }, {}));
  assert.ok(!deepEqual([{}], [[]]));
  assert.ok(!deepEqual([null], []));
  assert.ok(!deepEqual([1, 2], [2, 1]));
  assert.ok(!deepEqual({ a: {} }, {}, { strict: true }));
  assert.ok(!deepEqual({ a: [] }, { a: {} }, { strict: true }));
});

const conversions: [text: string, error: string][] = [
  ['{"metadata":{"labels":"x"}}', 'cannot restore map from string'],
  ['{"spec":[]}', 'cannot restore struct from: slice'],
  ['{"spec":{"containers":{}}}', 'cannot restore slice from map'],
  ['{"spec":{"replicas":"1"}}', 'unrecognized type: int32'],
  ['{"spec":{"replicas":1.5}}', 'cannot convert float64 to int32'],
  ['{"spec":{"paused":1}}', 'unrecognized type: bool'],
];

for (const [text, expected] of conversions)
  test(`conversion of ${text}`, () => assert.equal(check(JSON.parse(text)).conversionError, expected));

test('numbers as they were written: no integers, but quantities and floats; plain where nothing is known', () => {
  const written = (text: string) => {
    const { value } = parseJson(text, { asWritten: true });
    return { value, ...checkTypes(value, thingSchema, resolveTestSchema, 'asWritten') };
  };
  for (const literal of ['1.0', '1e3', '-0.0', '1e400', '1.50'])
    assert.equal(
      written(`{"spec":{"replicas":${literal}}}`).error,
      `json: cannot unmarshal number ${literal} into Go struct field Spec.spec.replicas of type int32`,
    );
  assert.deepEqual(written('{"spec":{"ratio":1.0}}').value, { spec: { ratio: 1 } });
  assert.equal(
    written('{"spec":{"ratio":1e400}}').error,
    'json: cannot unmarshal number 1e400 into Go struct field Spec.spec.ratio of type float64',
  );
  assert.deepEqual(plainNumbers(parseJson('{"a":[1e3,18446744073709551616],"b":1.5}', { asWritten: true }).value), {
    a: [1000, 18446744073709552000],
    b: 1.5,
  });
});

test('converted numbers: an integer that its field cannot hold wraps, one beyond 64 bits leaves the least', () => {
  const converted = (text: string) => {
    const { value } = parseJson(`{"spec":{"replicas":${text}}}`);
    const { error, conversionError } = checkTypes(value, thingSchema, resolveTestSchema, 'converted');
    return error === undefined ? (value as { spec: unknown }).spec : conversionError;
  };
  const wide = ['2147483647', '2147483648', '-2147483649', '4294967297', '9223372036854775807', '9223372036854775808'];
  assert.deepEqual([...wide, '1e20', '2.0'].map(converted), [
    ...[2147483647, -2147483648, 2147483647, 1, -1].map((replicas) => ({ replicas })),
    // Zero, which this optional field leaves out.
    {},
    {},
    { replicas: 2 },
  ]);
  assert.equal(converted('1.5'), 'cannot convert float64 to int32');
  assert.equal(converted('"1"'), 'unrecognized type: int32');
});

test('integers beyond 2^53 compare as numbers, print their digits and are written digit for digit', () => {
  const { value } = parseJson('{"greatest":9223372036854775807,"least":-9223372036854775808}');
  const { greatest, least } = value as { greatest: number; least: number };
  assert.ok(greatest > 2 ** 53 && least < 0);
  assert.equal(`${greatest}`, '9223372036854775807');
  assert.equal(JSON.stringify(value), '{"greatest":9223372036854775807,"least":-9223372036854775808}');
});
