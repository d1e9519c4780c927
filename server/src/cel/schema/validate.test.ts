import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldErrorMessage, type JsonValue } from '@typernetes/openapi/meta';
import { compileRule, compileValidator } from './compile-rules.ts';
import { escapeName, unescapeName } from './escape.ts';
import { ruleFieldPath } from './field-path.ts';
import type { ValidatedSchema, ValidationRule } from './schema.ts';
import { typeOfSchema } from './type-of-schema.ts';
import { validateRules } from './validate.ts';

function specOf(properties: Record<string, ValidatedSchema>, ...rules: ValidationRule[]): ValidatedSchema {
  return { type: 'object', properties: { spec: { type: 'object', properties, 'x-kubernetes-validations': rules } } };
}

function validate(schema: ValidatedSchema, value: JsonValue, old?: JsonValue) {
  const validator = compileValidator(schema);
  assert.ok(validator);
  const { errors, warnings } = validateRules(validator, value, old);
  return { errors: errors.map(fieldErrorMessage), warnings: warnings.map(fieldErrorMessage) };
}

const int: ValidatedSchema = { type: 'integer' };
const text: ValidatedSchema = { type: 'string', maxLength: 10 };

test('a failed rule is reported at its node, with the message that applies', () => {
  const fails = (rule: Partial<ValidationRule>): string | undefined =>
    validate(specOf({ min: int, max: int }, { rule: 'self.min <= self.max', ...rule }), { spec: { min: 2, max: 1 } })
      .errors[0];
  assert.equal(fails({}), 'spec: Invalid value: failed rule: self.min <= self.max');
  assert.equal(fails({ message: 'min over max' }), 'spec: Invalid value: min over max');
  assert.equal(fails({ messageExpression: "'min is ' + string(self.min)" }), 'spec: Invalid value: min is 2');
  assert.equal(fails({ message: 'kept', messageExpression: "'a\\nb'" }), 'spec: Invalid value: kept');
  assert.equal(
    fails({ reason: 'FieldValueForbidden', fieldPath: '.max' }),
    'spec.max: Forbidden: failed rule: self.min <= self.max',
  );
  const fine = { spec: { min: 1, max: 2 } };
  assert.deepEqual(validate(specOf({ min: int, max: int }, { rule: 'self.min <= self.max' }), fine).errors, []);
});

test('transition rules run on updates only, unless the old value is optional', () => {
  const immutable = specOf({
    name: { ...text, 'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'immutable' }] },
  });
  assert.deepEqual(validate(immutable, { spec: { name: 'a' } }).errors, []);
  assert.deepEqual(validate(immutable, { spec: { name: 'b' } }, { spec: { name: 'a' } }).errors, [
    'spec.name: Invalid value: "b": immutable',
  ]);
  const optional = specOf({ n: int }, { rule: 'oldSelf.hasValue() || self.n == 0', optionalOldSelf: true });
  assert.equal(validate(optional, { spec: { n: 1 } }).errors.length, 1);
  assert.deepEqual(validate(optional, { spec: { n: 1 } }, { spec: { n: 0 } }).errors, []);
});

test('unchanged values that fail are warned of', () => {
  const schema = specOf({ n: { ...int, 'x-kubernetes-validations': [{ rule: 'self > 5' }] }, other: text });
  const result = validate(schema, { spec: { n: 1, other: 'b' } }, { spec: { n: 1, other: 'a' } });
  assert.deepEqual(result, { errors: [], warnings: ['spec.n: Invalid value: 1: failed rule: self > 5'] });
  assert.equal(validate(schema, { spec: { n: 2 } }, { spec: { n: 1 } }).errors.length, 1);
});

test('items of map-like lists are matched by key', () => {
  const item: ValidatedSchema = {
    type: 'object',
    properties: { name: text, size: int },
    'x-kubernetes-validations': [{ rule: 'self.size >= oldSelf.size', message: 'cannot shrink' }],
  };
  const schema = specOf({
    disks: { type: 'array', items: item, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
  });
  const disks = (...sizes: [string, number][]) => ({ spec: { disks: sizes.map(([name, size]) => ({ name, size })) } });
  assert.deepEqual(validate(schema, disks(['b', 2], ['a', 1]), disks(['a', 1], ['b', 2])).errors, []);
  assert.deepEqual(validate(schema, disks(['b', 1]), disks(['a', 1], ['b', 2])).errors, [
    'spec.disks[0]: Invalid value: cannot shrink',
  ]);
});

test('names are escaped, lists of type set ignore order, metadata has its name', () => {
  const schema: ValidatedSchema = {
    type: 'object',
    properties: {
      'a-b.c/d': int,
      namespace: text,
      tags: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
    },
    'x-kubernetes-validations': [
      {
        rule: "self.a__dash__b__dot__c__slash__d == 1 && self.__namespace__ == 'x' && self.tags == ['b', 'a'] && self.metadata.name == 'm'",
      },
    ],
  };
  const value = { 'a-b.c/d': 1, namespace: 'x', tags: ['a', 'b'], metadata: { name: 'm' } };
  assert.deepEqual(validate(schema, value).errors, []);
  for (const name of ['a', 'a__b', 'x-y', 'a.b/c', 'in']) assert.equal(unescapeName(escapeName(name) ?? ''), name);
  assert.equal(escapeName('1a'), undefined);
  assert.equal(escapeName('a b'), undefined);
});

test('rules that do not compile, or run wild, say so', () => {
  const broken = validate(specOf({ n: int }, { rule: 'self.m > 1' }), { spec: { n: 1 } }).errors[0] ?? '';
  assert.match(
    broken,
    /^spec: Invalid value: "object": rule compile error: compilation failed: ERROR: <input>:1:5: undefined field 'm'/,
  );
  const list: ValidatedSchema = { type: 'array', items: int };
  const wild = specOf({ l: list }, { rule: 'self.l.all(a, self.l.all(b, self.l.all(c, a + b + c >= 0)))' });
  const stopped = validate(wild, { spec: { l: Array.from({ length: 200 }, (_, i) => i) } }).errors[0] ?? '';
  assert.match(stopped, /'operation cancelled: actual cost limit exceeded': no further validation rules will be run/);
});

test('estimates follow the bounds of the schema', () => {
  const cost = (maxItems?: number): number => {
    const items: ValidatedSchema = {
      type: 'array',
      items: { type: 'string', maxLength: 5 },
      ...(maxItems && { maxItems }),
    };
    const validator = compileValidator(specOf({ l: items }, { rule: "self.l.all(x, x.contains('ab'))" }));
    return validator?.properties.get('spec')?.rules[0]?.program?.cost.max ?? Number.NaN;
  };
  assert.ok(cost(10) < 200, String(cost(10)));
  assert.ok(cost() > 1_000_000);
});

test('field paths name what the schema has', () => {
  const schema = specOf({ "it's": int, labels: { type: 'object', additionalProperties: text } });
  assert.equal(ruleFieldPath('.spec.labels', schema).path, 'spec.labels');
  assert.equal(ruleFieldPath(".spec['it\\'s']", schema).path, "spec.it's");
  assert.equal(ruleFieldPath(".spec.labels['a.b']", schema).path, 'spec.labels[a.b]');
  assert.equal(ruleFieldPath('.spec.none', schema).error, 'does not refer to a valid field');
});

test('fields whose names are keywords are reached with underscores or without', () => {
  const rule = (expression: string): ValidatedSchema => specOf({ namespace: text, in: int }, { rule: expression });
  for (const expression of ["self.namespace == 'x'", "self.__namespace__ == 'x'", 'self.__in__ == 1'])
    assert.deepEqual(validate(rule(expression), { spec: { namespace: 'x', in: 1 } }).errors, [], expression);
});

test('there are no bindings in rules, and names of types cost no more than the object', () => {
  const schema = specOf({ a: { 'x-kubernetes-int-or-string': true } }).properties!.spec!;
  const type = typeOfSchema(schema, false)!;
  assert.match(
    compileRule({ rule: 'cel.bind(x, self.a, x == 1)' }, schema, type).error ?? '',
    /undeclared reference to 'cel'/,
  );
  const { program } = compileRule({ rule: 'type(self.a) == int' }, schema, type);
  assert.ok(program !== undefined && program.cost.max < 1_000_000);
});
