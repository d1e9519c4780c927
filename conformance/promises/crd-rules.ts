/** Validation rules (CEL) of CustomResourceDefinitions, and what may stay as it was when rules get tighter. */
import assert from 'node:assert/strict';
import type { PromiseContext } from '../src/context.ts';
import {
  apply,
  definitionOf,
  definitions,
  establish,
  merge,
  type Served,
  until,
  versionOf,
} from '../src/definitions.ts';
import type { HttpResponse } from '../src/http.ts';
import { area } from '../src/promise.ts';

const promise = area('validation rules');

interface Schema {
  [keyword: string]: unknown;
  properties?: Record<string, Schema>;
}

const integer = { type: 'integer' };
const text = { type: 'string' };
const ruled = (schema: Schema, ...rules: object[]): Schema => ({ ...schema, 'x-kubernetes-validations': rules });
const objectOf = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties });

function wardles(context: PromiseContext, schema: Schema) {
  return definitionOf(context, { plural: 'wardles', kind: 'Wardle' }, [versionOf('v1', schema)]);
}

async function refusal(context: PromiseContext, schema: Schema): Promise<string> {
  const answer = await context.http.request('POST', definitions, { body: wardles(context, schema) });
  if (answer.status === 201)
    await context.http.request('DELETE', `${definitions}/wardles.${context.namespace}.example.com`);
  assert.equal(answer.status, 422, answer.text());
  return answer.json<{ message: string }>().message;
}

function create(context: PromiseContext, served: Served, fields: object, name = 'a'): Promise<HttpResponse> {
  const body = { apiVersion: `${served.group}/v1`, kind: 'Wardle', metadata: { name }, ...fields };
  return context.http.request('POST', served.collection, { body });
}

const patch = (context: PromiseContext, served: Served, body: object, name = 'a'): Promise<HttpResponse> =>
  context.http.request('PATCH', `${served.collection}/${name}`, { body, headers: merge });

const messageOf = (answer: HttpResponse): string => answer.json<{ message?: string }>().message ?? '';

/** Changes the schema and waits until objects are checked against the new one. */
async function tighten(context: PromiseContext, served: Served, schema: Schema): Promise<void> {
  const mark = `mark-${Math.random().toString(36).slice(2)}`;
  const marked = { ...schema, properties: { ...schema.properties, sentinel: { type: 'string', enum: [mark] } } };
  const body = { spec: { versions: [versionOf('v1', marked)] } };
  const answer = await context.http.request('PATCH', `${definitions}/${served.name}`, { body, headers: merge });
  assert.equal(answer.status, 200, answer.text());
  await until(context, async () =>
    messageOf(await create(context, served, { sentinel: 'other' }, 'sentinel')).includes(mark),
  );
}

promise('objects that fail a rule are refused with its message, at its field, for its reason', async (context) => {
  const served = await establish(
    context,
    wardles(
      context,
      objectOf({
        spec: ruled(
          objectOf({ min: integer, max: integer }),
          { rule: 'self.min <= self.max', message: 'min may not be more than max', fieldPath: '.min' },
          { rule: 'self.max < 100', messageExpression: "self.max < 1000 ? 'large' : 'far too large'" },
          { rule: 'self.min >= 0', reason: 'FieldValueForbidden' },
        ),
      }),
    ),
  );
  assert.equal((await create(context, served, { spec: { min: 1, max: 2 } }, 'fine')).status, 201);
  const start = `Wardle.${served.group} "a" is invalid: `;
  for (const [spec, message] of [
    [{ min: 3, max: 2 }, 'spec.min: Invalid value: min may not be more than max'],
    [{ min: 1, max: 100 }, 'spec: Invalid value: large'],
    [{ min: -1, max: 2 }, 'spec: Forbidden: failed rule: self.min >= 0'],
  ] as const) {
    const answer = await create(context, served, { spec });
    assert.equal(answer.status, 422, answer.text());
    assert.equal(messageOf(answer), start + message);
  }
});

promise('rules are not run where the schema is broken already, and that is said', async (context) => {
  const schema = objectOf({ spec: ruled(objectOf({ a: { ...text, maxLength: 3 } }), { rule: "self.a == 'x'" }) });
  const served = await establish(context, wardles(context, schema));
  assert.equal(
    messageOf(await create(context, served, { spec: { a: 'abcd' } })),
    `Wardle.${served.group} "a" is invalid: [spec.a: Too long: may not be more than 3 bytes, <nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation]`,
  );
});

promise('definitions with rules that cannot be right are refused', async (context) => {
  const spec = (...rules: object[]): Schema => objectOf({ spec: ruled(objectOf({ a: integer }), ...rules) });
  assert.match(
    await refusal(context, spec({ rule: 'self.z == 42' })),
    /x-kubernetes-validations\[0\]\.rule: Invalid value: .*compilation failed: ERROR: <input>:1:5: undefined field 'z'/,
  );
  assert.match(await refusal(context, spec({ rule: 'self = 42' })), /compilation failed: ERROR: .*Syntax error/s);
  assert.match(await refusal(context, spec({ rule: 'self.a' })), /cel expression must evaluate to a bool/);
  assert.match(
    await refusal(context, spec({ rule: 'self.a > 1', messageExpression: 'self.a' })),
    /messageExpression must evaluate to a string/,
  );
  assert.match(
    await refusal(context, spec({ rule: 'self.a > 1', reason: 'Other' })),
    /reason: Unsupported value: "Other": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"/,
  );
  const list = { type: 'array', items: ruled(text, { rule: 'self == oldSelf' }) };
  assert.match(
    await refusal(context, objectOf({ list })),
    /oldSelf cannot be used on the uncorrelatable portion of the schema within spec\.validation\.openAPIV3Schema\.properties\[list\]/,
  );
  const wrong = ruled({ ...integer, default: 0 }, { rule: 'self > 1', message: 'must be more' });
  assert.match(
    await refusal(context, objectOf({ wrong })),
    /properties\[wrong\]\.default: Invalid value: 0: must be more/,
  );
});

promise('rules that may cost too much are refused, each and all together', async (context) => {
  const unbounded = objectOf({
    x: { type: 'array', items: { type: 'array', items: text } },
  });
  const rule = 'self.x.all(s, s.all(t, t.contains("a")))';
  const message = await refusal(context, ruled(unbounded, { rule }));
  assert.match(
    message,
    /x-kubernetes-validations\[0\]\.rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x/,
  );
  assert.match(message, /contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema/);
});

promise('rules that run wild are stopped', async (context) => {
  const list = { type: 'array', maxItems: 700, items: integer };
  const rule = 'self.all(x, self.all(y, x + y >= 0))';
  const served = await establish(context, wardles(context, objectOf({ list: ruled(list, { rule }) })));
  const answer = await create(context, served, { list: Array.from({ length: 700 }, (_, index) => index) });
  assert.equal(answer.status, 422, answer.text());
  assert.match(messageOf(answer), /no further validation rules will be run due to call cost exceeds limit for rule/);
});

promise('transition rules compare with what was there, by key in lists that are maps', async (context) => {
  const items = objectOf({ key: text, size: ruled(integer, { rule: 'self >= oldSelf', message: 'cannot shrink' }) });
  const served = await establish(
    context,
    wardles(
      context,
      objectOf({
        name: ruled(text, { rule: 'self == oldSelf', message: 'immutable' }),
        disks: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['key'],
          items: { ...items, required: ['key'] },
        },
        fresh: ruled(integer, { rule: 'oldSelf.hasValue() || self == 1', optionalOldSelf: true }),
      }),
    ),
  );
  const disk = (key: string, size: number): object => ({ key, size });
  const first = { name: 'n', disks: [disk('a', 1), disk('b', 5)] };
  assert.equal((await create(context, served, first)).status, 201);
  const refused = async (body: object, message: string): Promise<void> => {
    const answer = await patch(context, served, body);
    assert.equal(answer.status, 422, answer.text());
    assert.equal(messageOf(answer), `Wardle.${served.group} "a" is invalid: ${message}`);
  };
  await refused({ name: 'm' }, 'name: Invalid value: "m": immutable');
  await refused({ disks: [disk('c', 0), disk('b', 4)] }, 'disks[1].size: Invalid value: 4: cannot shrink');
  assert.equal((await patch(context, served, { disks: [disk('b', 6), disk('c', 0)] })).status, 200);
  await refused({ fresh: 2 }, 'fresh: Invalid value: 2: failed rule: oldSelf.hasValue() || self == 1');
  assert.equal((await patch(context, served, { fresh: 1 })).status, 200);
  assert.equal((await patch(context, served, { fresh: 2 })).status, 200);
});

/** The same fields in every place that ratcheting tells apart. */
function places(field: Schema): Schema {
  const struct = objectOf({ field });
  return objectOf({
    field,
    struct,
    map: { type: 'object', additionalProperties: struct, maxProperties: 10 },
    list: {
      type: 'array',
      maxItems: 10,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['key'],
      items: { ...objectOf({ key: text, field }), required: ['key'] },
    },
    set: { type: 'array', maxItems: 10, 'x-kubernetes-list-type': 'set', items: field },
    atomic: { type: 'array', maxItems: 10, items: field },
    other: text,
  });
}

const correlatable = (value: string): object => ({
  field: value,
  struct: { field: value },
  map: { one: { field: value } },
  list: [{ key: 'one', field: value }],
});

for (const [what, tight] of [
  ['a tighter schema', { ...text, enum: ['good'] }],
  ['a tighter rule', ruled(text, { rule: "self == 'good'" })],
] as const) {
  promise(`unchanged fields may break ${what}, and changed ones may not`, async (context) => {
    const served = await establish(context, wardles(context, places({ ...text, maxLength: 10 })));
    assert.equal(
      (await create(context, served, { ...correlatable('old'), set: ['old'], atomic: ['old'] })).status,
      201,
    );
    await tighten(context, served, places({ ...tight, maxLength: 10 }));
    const kept = await patch(context, served, { metadata: { labels: { a: 'b' } }, other: 'changed' });
    assert.equal(kept.status, 200, kept.text());
    const changed = await patch(context, served, {
      ...correlatable('new'),
      map: { one: { field: 'new' }, two: { field: 'new' } },
    });
    assert.equal(changed.status, 422);
    for (const place of ['field', 'struct.field', 'list[0].field', 'map'])
      assert.ok(messageOf(changed).includes(place), `${place} in ${messageOf(changed)}`);
    // Items of these cannot be told apart: a list that changes is checked as a whole.
    const lists = await patch(context, served, { set: ['old', 'good'], atomic: ['old', 'good'] });
    assert.equal(lists.status, 422);
    assert.match(messageOf(lists), /set\[0\].*atomic\[0\]|atomic\[0\].*set\[0\]/);
    const applied = await context.http.request('PATCH', `${served.collection}/a?fieldManager=m&force=true`, {
      body: { apiVersion: `${served.group}/v1`, kind: 'Wardle', metadata: { name: 'a' }, other: 'applied' },
      headers: apply,
    });
    assert.equal(applied.status, 200, applied.text());
  });
}

promise('what unchanged fields fail is warned of, and transition rules are never waived', async (context) => {
  const served = await establish(context, wardles(context, objectOf({ field: text, other: text })));
  await create(context, served, { field: 'old', other: 'a' });
  await tighten(
    context,
    served,
    objectOf({
      field: ruled(text, { rule: "self == 'good'" }),
      other: ruled(text, { rule: "self == 'x' && oldSelf != ''" }),
    }),
  );
  const relabelled = await patch(context, served, { metadata: { labels: { a: 'b' } } });
  assert.equal(relabelled.status, 422);
  assert.match(messageOf(relabelled), /other: Invalid value: "a"/);
  assert.doesNotMatch(messageOf(relabelled), /field: Invalid value/);
  assert.match(
    String(relabelled.headers.warning),
    /field: Invalid value: \\"old\\": failed rule: self == \\"good\\"|field: Invalid value: \\"old\\": failed rule: self == 'good'/,
  );
});
