import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseFieldSelector, parseLabelSelector, selectorFromLabelSelector, selectorFromSet } from './index.ts';

const labels = { app: 'web', tier: 'front', size: '10' };

for (const [text, matches] of [
  ['', true],
  ['app=web', true],
  ['app==web', true],
  ['app!=web', false],
  ['other!=web', true],
  ['app in (web, db)', true],
  ['app notin (web,db)', false],
  ['other notin (web)', true],
  ['app', true],
  ['!app', false],
  ['!other', true],
  ['size>9', true],
  ['size<9', false],
  ['app>1', false],
  ['app=web,tier in (front),!x', true],
  ['app=', false],
  ['constructor', false],
  ['toString=x', false],
] as const) {
  test(`labels: ${text || 'everything'} → ${matches}`, () => {
    assert.equal(parseLabelSelector(text).matches(labels), matches);
  });
}

for (const [text, printed] of [
  ['b=1,a', 'a,b=1'],
  ['x in (c,a,b,a)', 'x in (a,b,c)'],
  ['x notin ()', 'x notin ()'],
  ['x in (,a)', 'x in (,a)'],
  ['!x , y > 3', '!x,y>3'],
  ['in in (in,notin)', 'in in (in,notin)'],
  ['a.b/c == d', 'a.b/c==d'],
] as const) {
  test(`labels: ${text} prints as ${printed}`, () => {
    const selector = parseLabelSelector(text);
    assert.equal(selector.toString(), printed);
    assert.equal(parseLabelSelector(printed).toString(), printed);
  });
}

for (const [text, message] of [
  ['a=b,', "found '', expected: identifier after ','"],
  ['=', "found '=', expected: !, identifier, or 'end of string'"],
  ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ['a in b', "unable to parse requirement: found 'b' expected: '('"],
  ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['a=b c', "found 'c', expected: ',' or 'end of string'"],
  ['!', "unable to parse requirement: found '', expected: identifier"],
  [
    'x>y',
    "unable to parse requirement: values[0]: Invalid value: \"y\": for 'Gt', 'Lt' operators, the value must be an integer",
  ],
] as const) {
  test(`labels: ${text} is refused`, () => {
    assert.throws(() => parseLabelSelector(text), { name: 'SelectorError', message });
  });
}

test('labels: bad keys and values name the rule', () => {
  assert.throws(
    () => parseLabelSelector('-=a'),
    /^SelectorError: unable to parse requirement: <nil>: Invalid value: "-": name part must consist of/,
  );
  assert.throws(
    () => parseLabelSelector('a=$'),
    /^SelectorError: unable to parse requirement: values\[0\]\[a\]: Invalid value: "\$": a valid label must be/,
  );
});

test('labels: LabelSelector objects; absent matches nothing, empty everything', () => {
  assert.equal(selectorFromLabelSelector(undefined).matches(labels), false);
  assert.equal(selectorFromLabelSelector({}).matches(undefined), true);
  const selector = selectorFromLabelSelector({
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'In', values: ['front'] },
      { key: 'x', operator: 'DoesNotExist' },
    ],
  });
  assert.equal(selector.toString(), 'app=web,tier in (front),!x');
  assert.ok(selector.matches(labels));
  assert.ok(!selector.matches({ app: 'web', tier: 'front', x: '' }));
  assert.throws(
    () => selectorFromLabelSelector({ matchExpressions: [{ key: 'a', operator: 'Near' }] }),
    /^SelectorError: "Near" is not a valid label selector operator$/,
  );
  assert.equal(selectorFromSet({ b: '1', a: '2' }).toString(), 'a=2,b=1');
});

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,4}$/).filter((each) => each !== 'in' && each !== 'notin');
const term = fc.oneof(
  fc.tuple(word, fc.constantFrom('=', '==', '!='), word).map(([key, operator, value]) => `${key}${operator}${value}`),
  fc
    .tuple(word, fc.constantFrom('in', 'notin'), fc.array(word, { minLength: 1, maxLength: 3 }))
    .map(([key, operator, values]) => `${key} ${operator} (${values.join(',')})`),
  word,
  word.map((key) => `!${key}`),
);

test('property: a printed selector means the same', () => {
  fc.assert(
    fc.property(fc.array(term, { maxLength: 4 }), fc.dictionary(word, word), (terms, set) => {
      const selector = parseLabelSelector(terms.join(','));
      assert.equal(parseLabelSelector(selector.toString()).matches(set), selector.matches(set));
      assert.equal(
        selector.matches(set),
        terms.every((each) => parseLabelSelector(each).matches(set)),
      );
    }),
  );
});

test('property: no text makes the parser do anything but answer or refuse', () => {
  const alphabet = fc.constantFrom(...'ab=!(),<> in\t/.$'.split(''));
  fc.assert(
    fc.property(fc.string({ unit: alphabet, maxLength: 12 }), (text) => {
      try {
        parseLabelSelector(text);
      } catch (error) {
        assert.equal((error as Error).name, 'SelectorError');
      }
    }),
    { numRuns: 500 },
  );
});

const fields = { 'metadata.name': 'a', 'status.phase': 'Running' };

for (const [text, matches, printed] of [
  ['', true, ''],
  ['metadata.name=a', true, 'metadata.name=a'],
  ['status.phase!=Running,metadata.name==a', false, 'metadata.name=a,status.phase!=Running'],
  ['spec.nodeName=', true, 'spec.nodeName='],
  ['metadata.name=b\\,c\\=d\\\\', false, 'metadata.name=b\\,c\\=d\\\\'],
] as const) {
  test(`fields: ${text || 'everything'}`, () => {
    const selector = parseFieldSelector(text);
    assert.equal(selector.matches(fields), matches);
    assert.equal(selector.toString(), printed);
  });
}

for (const [text, message] of [
  ['a', "invalid selector: 'a'; can't understand 'a'"],
  ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
  ['a=\\x', 'invalid field selector: invalid escape sequence: \\x'],
  ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
] as const) {
  test(`fields: ${text} is refused`, () => {
    assert.throws(() => parseFieldSelector(text), { name: 'SelectorError', message });
  });
}

test('fields: the value that must match exactly', () => {
  const selector = parseFieldSelector('metadata.name=a,x!=b');
  assert.equal(selector.requiresExactMatch('metadata.name'), 'a');
  assert.equal(selector.requiresExactMatch('x'), undefined);
});
