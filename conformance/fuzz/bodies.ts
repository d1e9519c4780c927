/** Bodies for the fuzz run: objects made from a schema, then damaged by type, size, nesting, encoding and unicode. */
import type { Operation, Schema } from './operations.ts';
import type { Random } from './random.ts';

const strings = [
  '',
  'x',
  'a-name',
  'Bad Value!',
  '0',
  '-1',
  '1Gi',
  '2026-01-02T03:04:05Z',
  'true',
  'null',
  '../../etc',
  '%2e%2e%2f',
  '\u0000',
  '\u202eright to left',
  'e\u0301',
  '\ud83d\ude00',
  '\ufeffbom',
  '\ud800',
  '$(A)',
  '{{x}}',
  "'; DROP TABLE pods; --",
  '__proto__',
  'constructor',
  'a'.repeat(300),
];

const numbers = [0, -1, 1, 1.5, 65_536, 2_147_483_648, 2 ** 53 + 2, 1e21, -1e300, 5e-324];
const keys = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '\u0000', 'a/b', 'length', '$patch', 'é'];

/** An object of the schema: required and some optional fields, values of the right type most of the time. */
export function generate(schema: Schema | undefined, operation: Operation, random: Random, depth = 0): unknown {
  if (schema === undefined) return random.pick(strings);
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (reference !== undefined) {
    if (depth > 12) return {};
    return generate(operation.definitions[reference.split('/').at(-1) ?? ''], operation, random, depth + 1);
  }
  if (random.chance(0.02)) return anything(random, 0);
  if (schema.properties !== undefined) {
    const object: Record<string, unknown> = {};
    const wanted = depth < 3 ? 0.6 : 0.25;
    for (const [name, child] of Object.entries(schema.properties))
      if (random.chance(wanted / (1 + depth / 4))) object[name] = generate(child, operation, random, depth + 1);
    return object;
  }
  if (schema.items !== undefined)
    return Array.from({ length: random.below(3) }, () => generate(schema.items, operation, random, depth + 1));
  if (typeof schema.additionalProperties === 'object') {
    const members = schema.additionalProperties;
    const length = random.below(3);
    return Object.fromEntries(
      Array.from({ length }, () => [
        random.chance(0.2) ? random.pick(keys) : `key-${random.below(9)}`,
        generate(members, operation, random, depth + 1),
      ]),
    );
  }
  switch (schema.type) {
    case 'integer':
    case 'number':
      return random.chance(0.7) ? random.below(100) : random.pick(numbers);
    case 'boolean':
      return random.chance(0.5);
    case 'string':
      return schema.format === 'byte' && random.chance(0.7) ? 'YWJj' : random.pick(strings);
    default:
      return anything(random, 0);
  }
}

function anything(random: Random, depth: number): unknown {
  switch (random.below(depth > 3 ? 5 : 7)) {
    case 0:
      return null;
    case 1:
      return random.pick(strings);
    case 2:
      return random.pick(numbers);
    case 3:
      return random.chance(0.5);
    case 4:
      return [];
    case 5:
      return Array.from({ length: random.below(4) }, () => anything(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(4) }, () => [random.pick(keys), anything(random, depth + 1)]),
      );
  }
}

export interface Body {
  contentType: string;
  bytes: Buffer;
}

const types = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/cbor',
  'text/plain',
  'application/json; charset=utf-16',
  'multipart/form-data',
  '*/*',
  '\t',
];
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** What goes out: the object as JSON most of the time, damaged in one way or another half of the time. */
export function encode(object: unknown, method: string, random: Random): Body {
  const contentType = random.chance(0.9)
    ? method === 'PATCH'
      ? random.pick(patchTypes)
      : 'application/json'
    : random.pick(method === 'PATCH' ? [...patchTypes, ...types] : types);
  const text = JSON.stringify(object) ?? 'null';
  return { contentType, bytes: random.chance(0.5) ? Buffer.from(text) : damage(text, random) };
}

type Damage = (text: string, random: Random) => Buffer;

const damages: readonly Damage[] = [
  // Cut off anywhere.
  (text, random) => Buffer.from(text.slice(0, random.below(text.length + 1))),
  // A byte turned over.
  (text, random) => {
    const bytes = Buffer.from(text);
    if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
    return bytes;
  },
  // No UTF-8.
  (text) =>
    Buffer.concat([Buffer.from(text.slice(0, 1)), Buffer.from([0x22, 0xff, 0xfe, 0xc0, 0x80, 0x22, 0x3a, 0x31])]),
  (text) => Buffer.from(text, 'utf16le'),
  (text) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(text)]),
  () => Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]),
  (_, random) => Buffer.from(Array.from({ length: random.below(64) }, () => random.below(256))),
  // An envelope of protobuf, and what follows is none.
  (_, random) =>
    Buffer.concat([Buffer.from('k8s\0'), Buffer.from(Array.from({ length: 40 }, () => random.below(256)))]),
  // Nesting.
  (_, random) => Buffer.from('['.repeat(10 ** (1 + random.below(5)))),
  (_, random) => {
    const depth = 10 ** (1 + random.below(4));
    return Buffer.from(`{"metadata":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`);
  },
  // Size.
  (_, random) =>
    Buffer.from(
      JSON.stringify({ metadata: { name: 'a', annotations: { a: 'x'.repeat(10 ** (3 + random.below(4))) } } }),
    ),
  (_, random) =>
    Buffer.from(
      `{"metadata":{"labels":{${Array.from({ length: 10 ** (2 + random.below(3)) }, (__, at) => `"k${at}":"v"`).join(',')}}}}`,
    ),
  (_, random) => Buffer.from(`{"spec":{"containers":[${'{"name":"a"},'.repeat(10 ** (1 + random.below(4)))}{}]}}`),
  // Duplicate fields, numbers that no double holds, a YAML bomb.
  (text) => Buffer.from(text.replace('{', '{"metadata":{},"metadata":{"name":"x","name":"y"},')),
  () => Buffer.from('{"spec":{"replicas":1e400,"x":-0,"y":123456789012345678901234567890}}'),
  () =>
    Buffer.from(
      'a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d]\n',
    ),
  () =>
    Buffer.from(
      '[{"op":"add","path":"/metadata/labels","value":{}},{"op":"copy","from":"/metadata","path":"/metadata/labels/x"}]',
    ),
  () =>
    Buffer.from(
      '[{"op":"test","path":"/__proto__/x","value":1},{"op":"add","path":"/constructor/prototype/y","value":1}]',
    ),
  () => Buffer.from('{"__proto__":{"polluted":true},"metadata":{"__proto__":{"name":"x"}}}'),
  () => Buffer.from('null'),
  () => Buffer.alloc(0),
];

function damage(text: string, random: Random): Buffer {
  return random.pick(damages)(text, random);
}

export const oddStrings: readonly string[] = strings;
