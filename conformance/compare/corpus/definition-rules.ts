/** CustomResourceDefinitions: `x-kubernetes-validations`, whether they compile, what they cost, where they may be. */
import type { Case, Changes, JsonObject } from '../case.ts';
import { customResourceDefinitions } from '../kinds.ts';
import { variants } from '../requests.ts';

const text = { type: 'string' };
const short = { type: 'string', maxLength: 10 };
const integer = { type: 'integer' };

const ofField = (schema: JsonObject): Changes => ({
  'spec/versions/0/schema/openAPIV3Schema': { type: 'object', properties: { x: schema } },
});
const fields = (schemas: Record<string, JsonObject>) =>
  variants(
    customResourceDefinitions,
    Object.fromEntries(Object.entries(schemas).map(([label, schema]) => [label, ofField(schema)])),
  );

const withRule = (schema: JsonObject, ...rules: JsonObject[]): JsonObject => ({
  ...schema,
  'x-kubernetes-validations': rules,
});

/** What rules are tried on unless it matters. */
const object: JsonObject = {
  type: 'object',
  properties: {
    a: text,
    n: integer,
    f: { type: 'number' },
    b: { type: 'boolean' },
    list: { type: 'array', items: short, maxItems: 5 },
    map: { type: 'object', additionalProperties: short, maxProperties: 5 },
    any: { 'x-kubernetes-preserve-unknown-fields': true },
    mixed: { 'x-kubernetes-int-or-string': true },
    time: { type: 'string', format: 'date-time' },
    span: { type: 'string', format: 'duration' },
    bytes: { type: 'string', format: 'byte' },
    null: { ...text, nullable: true },
    'with-dash': text,
    'a.b/c': text,
    namespace: text,
    __x: text,
    nested: { type: 'object', properties: { a: text } },
    'x-y': { type: 'object', properties: { a: text } },
  },
};
/** Each rule (or more than a rule) on the object above. */
const rules = (table: Record<string, string | JsonObject>) =>
  fields(
    Object.fromEntries(
      Object.entries(table).map(([label, rule]) => [
        label,
        withRule(object, typeof rule === 'string' ? { rule } : { rule: 'true', ...rule }),
      ]),
    ),
  );

const unbounded = (items: JsonObject): JsonObject => ({ type: 'array', items });
const nested = unbounded(unbounded(unbounded(text)));

export const definitionRuleCases: readonly Case[] = [
  {
    name: 'definitions/rules: what compiles',
    steps: rules({
      true: 'true',
      'no rule': { rule: '' },
      blank: { rule: '  ' },
      'no boolean': 'self.a',
      'a number': '1 + 1',
      'broken syntax': 'self.a ==',
      'two errors of syntax': ') + (',
      'broken over lines': { rule: "self.a\n == 'x' &&", message: 'm' },
      'over lines without message': "self.a ==\n'x'",
      'an unknown field': 'self.nonsense == 1',
      'an unknown variable': 'nonsense == 1',
      'an unknown function': "nonsense(self.a) == 'x'",
      'an unknown method': 'self.a.nonsense()',
      'wrong types': 'self.a == 1',
      'wrong types, twice': "self.a == 1 && self.n == 'x'",
      'wrong types over lines': { rule: "self.a == 'x' &&\n  self.n == 'x'", message: 'm' },
      'adding text and numbers': "self.a + self.n == 'x'",
      'a number and a whole number': 'self.f == 1',
      'a number and one': 'self.f == 1.0',
      has: 'has(self.a) && !has(self.nested.a)',
      'has of no field': 'has(self)',
      'has of a list': 'has(self.list[0])',
      'a list': "self.list.all(x, x.startsWith('a'))",
      'a list, wrong': 'self.list.all(x, x > 1)',
      'a macro with too little': 'self.list.all(x)',
      'a macro with a name that is none': 'self.list.all(x.y, true)',
      'a map': "self.map.all(k, k in self.map && self.map[k] == 'x')",
      'a map by number': "self.map[1] == 'x'",
      'unknown fields': 'self.any == 1',
      'unknown fields, has': 'has(self.any.x)',
      'int or string': "type(self.mixed) == int ? self.mixed > 1 : self.mixed == '1'",
      'int or string, compared': 'self.mixed == 5',
      'int or string, size': 'self.mixed.size() > 1',
      'a time': "self.time < timestamp('2026-01-02T03:04:05Z') && self.time.getFullYear() > 2000",
      'a time as text': "self.time == 'x'",
      'a duration': "self.span > duration('1h')",
      bytes: "self.bytes == b'x'",
      nullable: "self.null == null || self.null == 'x'",
      'not nullable': 'self.a == null',
      'an escaped dash': "self.with__dash__dash == 'x'",
      'a dash': "self.with-dash == 'x'",
      'more escapes': "self.a__dot__b__slash__c == 'x' && self.__namespace__ == 'x' && self.__underscores__x == 'x'",
      'a reserved word': "self.namespace == 'x'",
      'metadata of a field': "self.metadata.name == 'x'",
      'a type': 'self == oldSelf',
      'an object literal': "self.nested == {'a': 'x'}",
      'a message of types': 'Object{a: 1} == self',
      optional: "self.?a.orValue('x') == 'x'",
      'optional that is none': 'self.?nonsense.hasValue()',
      'an index': "self.list[?0].orValue('') == ''",
      'quantities, addresses, URLs':
        "quantity('1Gi').isGreaterThan(quantity('1Mi')) && ip('10.0.0.1').family() == 4 && cidr('10.0.0.0/8').containsIP('10.0.0.1') && isURL('x')",
      'formats and versions': "!format.dns1123Label().validate('x').hasValue() && semver('1.2.3').major() == 1",
      'strings and sets':
        "self.a.split(',').join('-').lowerAscii().substring(0, 1) == 'x' && sets.contains(self.list, ['a'])",
      'two variables': 'self.map.transformMap(k, v, v).size() > 0 && self.list.exists(i, x, i > 0 && x != self.a)',
      'the authorizer': "authorizer.path('/x').check('get').allowed()",
      'a request': "request.name == 'x'",
      'a regular expression that is none': "self.a.matches('(')",
      'a regular expression of the object': 'self.a.matches(self.a)',
      'a constant that is none': "quantity('x').isGreaterThan(quantity('1'))",
      'a duration that is none': "self.span > duration('x')",
      'a very long number': 'self.n > 99999999999999999999',
      'a bind': "cel.bind(x, self.a, x == 'x')",
      'a reserved identifier': 'self.list.all(package, true)',
      'many parts': Array.from({ length: 40 }, (_, index) => `self.n != ${index}`).join(' && '),
    }),
  },
  {
    name: 'definitions/rules: messages, reasons, paths',
    steps: rules({
      'a message': { message: 'some' },
      'a blank message': { message: '  ' },
      'a message of lines': { message: 'a\nb' },
      'a line at the end': { message: 'a\n' },
      'a message of an expression': { messageExpression: "'x is ' + self.a" },
      'a blank expression': { messageExpression: ' ' },
      'an expression of no text': { messageExpression: 'self.n' },
      'a broken expression': { messageExpression: "'x" },
      'an expression of nonsense': { messageExpression: 'self.nonsense' },
      'an expression of old': { rule: 'self.a == oldSelf.a', messageExpression: "'was ' + oldSelf.a" },
      'an expression of old without a rule of it': { messageExpression: "'was ' + oldSelf.a" },
      'both wrong': { rule: 'self.a', messageExpression: 'self.n' },
      'an empty text as expression': { messageExpression: "''" },
      'a reason': { reason: 'FieldValueForbidden' },
      'a duplicate': { reason: 'FieldValueDuplicate' },
      'a reason of nonsense': { reason: 'Nonsense' },
      'an empty reason': { reason: '' },
      'a reason that is none here': { reason: 'FieldValueTypeInvalid' },
      'a path': { fieldPath: '.a' },
      'a blank path': { fieldPath: ' ' },
      'a path of lines': { fieldPath: '.a\n.b' },
      'a path without dot': { fieldPath: 'a' },
      'a path of two': { fieldPath: '.nested.a' },
      'a path of nonsense': { fieldPath: '.nonsense' },
      'a path into text': { fieldPath: '.a.b' },
      'a path into a list': { fieldPath: '.list[0]' },
      'a path of a key': { fieldPath: ".map['x']" },
      'a path of a key with dots': { fieldPath: ".map['x.y/z']" },
      'a path with a name in brackets': { fieldPath: "['with-dash']" },
      'a path with a name in brackets after a dot': { fieldPath: ".['with-dash']" },
      'a path with a dash': { fieldPath: '.with-dash' },
      'a path two levels with dashes': { fieldPath: ".x-y['a']" },
      'a path of nothing': { fieldPath: '.' },
      'a path that ends in a dot': { fieldPath: '.a.' },
      'a path that is not closed': { fieldPath: ".map['x" },
      'a path of double quotes': { fieldPath: '.map["x"]' },
      'a path escaped': { fieldPath: '.with__dash__dash' },
      'optional old': { rule: 'oldSelf.hasValue() || self.a == "x"', optionalOldSelf: true },
      'optional old, taken for what it is not': { rule: 'self.a == oldSelf.a', optionalOldSelf: true },
      'optional old, false': { rule: 'self.a == oldSelf.a', optionalOldSelf: false },
      'optional old, unused': { optionalOldSelf: true },
      'not optional old, unused': { optionalOldSelf: false },
      'an unknown field': { nonsense: true },
    }),
  },
  {
    name: 'definitions/rules: where they may be',
    steps: fields({
      'on text': withRule(text, { rule: "self == 'x'" }),
      'on a number': withRule(integer, { rule: 'self > 1' }, { rule: 'self > oldSelf' }),
      'on a list': withRule({ type: 'array', items: text }, { rule: 'self.size() < 5' }),
      'on items': { type: 'array', items: withRule(text, { rule: "self == 'x'" }), maxItems: 10 },
      'transitions of items': { type: 'array', items: withRule(short, { rule: 'self == oldSelf' }), maxItems: 10 },
      'transitions of items of a set': {
        type: 'array',
        'x-kubernetes-list-type': 'set',
        items: withRule(short, { rule: 'self == oldSelf' }),
        maxItems: 10,
      },
      'transitions of items of a list map': {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: withRule({ type: 'object', properties: { k: short }, required: ['k'] }, { rule: 'self == oldSelf' }),
        maxItems: 10,
      },
      'transitions below items': {
        type: 'array',
        maxItems: 3,
        items: { type: 'object', properties: { a: withRule(short, { rule: 'self == oldSelf' }) } },
      },
      'transitions below items of items': {
        type: 'array',
        maxItems: 3,
        items: { type: 'array', items: withRule(short, { rule: 'self == oldSelf' }), maxItems: 3 },
      },
      'transitions in an atomic object': {
        type: 'object',
        'x-kubernetes-map-type': 'atomic',
        properties: { a: withRule(short, { rule: 'self == oldSelf' }) },
      },
      'transitions of an atomic object': withRule(
        { type: 'object', 'x-kubernetes-map-type': 'atomic', properties: { a: short } },
        { rule: 'self == oldSelf' },
      ),
      'transitions in a granular object': {
        type: 'object',
        'x-kubernetes-map-type': 'granular',
        properties: { a: withRule(short, { rule: 'self == oldSelf' }) },
      },
      'transitions of values of a map': {
        type: 'object',
        maxProperties: 5,
        additionalProperties: withRule(short, { rule: 'self == oldSelf' }),
      },
      'transitions of values of an atomic map': {
        type: 'object',
        'x-kubernetes-map-type': 'atomic',
        maxProperties: 5,
        additionalProperties: withRule(short, { rule: 'self == oldSelf' }),
      },
      'on unknown fields': withRule(
        { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        { rule: 'has(self.a)' },
      ),
      'on anything': withRule({ 'x-kubernetes-preserve-unknown-fields': true }, { rule: 'self == 1' }),
      'on int or string': withRule({ 'x-kubernetes-int-or-string': true }, { rule: "self == 1 || self == 'x'" }),
      'on an embedded resource': withRule(
        { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
        { rule: "self.metadata.name == 'x' && self.kind == 'Pod'" },
        { rule: "self.metadata.labels['x'] == 'y'" },
      ),
      'beside another error': withRule({ type: 'array', items: text, uniqueItems: true }, { rule: 'nonsense' }),
      'two that are wrong': withRule(text, { rule: 'nonsense' }, { rule: 'self == 1' }),
    }),
  },
  {
    name: 'definitions/rules: at the root',
    steps: variants(
      customResourceDefinitions,
      Object.fromEntries(
        [
          "self.metadata.name.startsWith('a')",
          "self.metadata.generateName == 'x'",
          "self.metadata.namespace == 'x'",
          'has(self.metadata.labels)',
          "self.kind == 'Thing' && self.apiVersion == 'x'",
          'self.spec == oldSelf.spec',
          'self.nonsense',
        ].map((rule): [string, Changes] => [
          rule,
          { 'spec/versions/0/schema/openAPIV3Schema/x-kubernetes-validations': [{ rule }] },
        ]),
      ),
    ),
  },
  {
    name: 'definitions/rules: costs',
    steps: fields({
      'a long text': withRule(text, { rule: "self.contains('x')" }),
      'text and text': withRule(
        { type: 'object', properties: { a: text, b: text } },
        { rule: 'self.a.contains(self.b)' },
      ),
      'a list': withRule(unbounded(text), { rule: "self.all(x, x == 'y')" }),
      'a list of lists': withRule(unbounded(unbounded(integer)), { rule: 'self.all(x, x.all(y, y == 1))' }),
      'a list twice': withRule(unbounded(text), { rule: 'self.all(x, self.all(y, x == y))' }),
      'three lists': withRule(nested, { rule: "self.all(x, x.all(y, y.all(z, z.matches('a+'))))" }),
      'items of items': unbounded(unbounded(withRule(text, { rule: "self.startsWith('a')" }))),
      'items of items of items': unbounded(unbounded(unbounded(withRule(text, { rule: "self.matches('^a+$')" })))),
      'a bounded list': withRule({ ...unbounded(short), maxItems: 100 }, { rule: 'self.all(x, self.all(y, x == y))' }),
      'a list bounded too high': withRule(
        { ...unbounded(short), maxItems: 10_000 },
        { rule: 'self.all(x, self.all(y, x == y))' },
      ),
      'a bounded list of long texts': withRule(
        { ...unbounded(text), maxItems: 20 },
        { rule: "self.all(x, x.matches('(a|b)+'))" },
      ),
      'a map': withRule(
        { type: 'object', additionalProperties: text },
        { rule: "self.all(k, self[k].contains('x') && k.contains('y'))" },
      ),
      'values of a map': {
        type: 'object',
        additionalProperties: { type: 'object', additionalProperties: withRule(text, { rule: "self.contains('x')" }) },
      },
      'an expensive message': withRule(unbounded(text), {
        rule: 'true',
        messageExpression: "self.map(x, self.map(y, x + y).join(',')).join(',')",
      }),
      'many that are expensive together': withRule(
        unbounded({ type: 'string', maxLength: 30 }),
        ...Array.from({ length: 15 }, (_, index) => ({ rule: `self.all(x, x.contains('a${index}'))` })),
      ),
      enums: withRule(unbounded({ type: 'string', enum: ['a', 'b'] }), {
        rule: 'self.all(x, self.exists_one(y, x == y))',
      }),
      'times and durations': withRule(unbounded({ type: 'string', format: 'date-time' }), {
        rule: 'self.all(x, self.all(y, x <= y))',
      }),
      booleans: withRule(unbounded({ type: 'boolean' }), { rule: 'self.all(x, self.all(y, x == y))' }),
      'int or strings': withRule(unbounded({ 'x-kubernetes-int-or-string': true }), {
        rule: 'self.all(x, self.all(y, x == y))',
      }),
      'unique items': withRule(unbounded(text), { rule: 'self.isSorted() && self.sum() == self.min()' }),
      'a split': withRule(text, { rule: "self.split(',').all(x, x.replace('a', 'b').size() < 5)" }),
      'a search': withRule(text, { rule: "self.findAll('[a-z]+').all(x, x.find('b') == 'b')" }),
      'a sort of quantities': withRule(unbounded(text), { rule: "self.all(x, quantity(x).isLessThan(quantity('1')))" }),
      'addresses and ranges': withRule(unbounded(text), { rule: 'self.all(x, cidr(x).containsIP(ip(x)))' }),
    }),
  },
];
