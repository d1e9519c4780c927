import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compile, environment, evaluate, limits, UNBOUNDED } from './index.ts';
import { INT, listOf, mapOf, objectType, STRING } from './types/type.ts';
import { fromJson, toJson } from './values/json.ts';
import type { Value } from './values/value.ts';

const self = objectType('Self', { count: INT, names: listOf(STRING), labels: mapOf(STRING, STRING) });
const env = environment({ self, n: INT, s: STRING }, {}, { bindings: true });
const bindings: Record<string, Value> = {
  self: fromJson({ count: 3, names: ['a', 'b'], labels: { app: 'web' } }, self),
  n: 5n,
  s: 'héllo😀',
};

function run(source: string) {
  const { program, errors } = compile(source, env);
  assert.equal(errors, undefined, `${source}: ${errors}`);
  assert.ok(program);
  return evaluate(program, bindings);
}

/** Each must evaluate to true. */
const truths: Record<string, string[]> = {
  language: [
    '1 + 2 * 3 == 7',
    '7 / 2 == 3 && -7 / 2 == -3 && -7 % 3 == -1',
    '1u + 2u == 3u',
    '0x10 == 16',
    '1 < 2.5 && 2u > 1',
    'dyn(1) == 1.0 && dyn(1) == 1u',
    "'a' + \"b\" == r'ab'",
    "'\\u00e9' == 'é' && b'\\xff'.size() == 1",
    '!false && !!true && --3 == 3',
    'true ? true : 1 / 0 == 1',
    '1 / 0 == 1 || true',
    '!(1 / 0 == 1 && false)',
    's.size() == 6',
    "'b' in {'b': 1} && !(3 in [1, 2])",
    '{1: 2}[1] == 2 && {1: 2} == {1: 2}',
    'type(1) == int && type([]) == list && type(1) != uint',
    'has(self.count) && !has(self.labels.none) && self.labels.app == "web"',
    'cel.bind(x, n * 2, x + x) == 20',
    "'%.1f'.format([1e21]) == '1000000000000000000000.0'",
    "timestamp('2024-02-29T10:00:00Z') + duration('24h') == timestamp('2024-03-01T10:00:00Z')",
    "timestamp('2024-01-01T00:30:00Z').getHours('+01:00') == 1",
    "int('12') == 12 && string(1.5) == '1.5' && double('1e3') == 1000.0 && bool('true')",
    "duration('1h30m').getMinutes() == 90 && string(duration('1500ms')) == '1.5s'",
  ],
  comprehensions: [
    '[1, 2, 3].all(x, x > 0) && ![1, 2].all(x, x > 1)',
    '[1, 2].exists(x, 1 / (x - 1) == 1 || x == 2)',
    '[1, 2, 2].exists_one(x, x == 1) && ![2, 2].existsOne(x, x == 2)',
    '[1, 2, 3].filter(x, x > 1).map(x, x * 2) == [4, 6]',
    '[1, 2, 3].map(x, x > 1, x + 1) == [3, 4]',
    '[1, 2].map(x, [1, 2].map(y, x * y)) == [[1, 2], [2, 4]]',
    "{'a': 1}.all(k, v, k == 'a' && v == 1)",
    "['x', 'y'].exists(i, v, i == 1 && v == 'y')",
    '[3, 4].transformList(i, v, i + v) == [3, 5]',
    '[3, 4].transformList(i, v, i > 0, v) == [4]',
    "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2}",
    "{'a': 'b'}.transformMapEntry(k, v, {v: k}) == {'b': 'a'}",
    "self.labels.exists(k, k == 'app')",
  ],
  optionals: [
    'optional.of(1).hasValue() && !optional.none().hasValue() && optional.of(1).or(optional.of(2)).value() == 1',
    "self.labels[?'none'].orValue('x') == 'x' && self.?labels.app.hasValue()",
    'optional.of(2).optMap(v, v + 1).value() == 3 && optional.ofNonZeroValue(0) == optional.none()',
    "[1][?3].orValue(7) == 7 && [?optional.none(), ?optional.of(1)] == [1] && {?'a': optional.none()} == {}",
    '[1, 2].first().value() == 1 && [1, 2].last().value() == 2',
  ],
  strings: [
    "s.charAt(5) == '😀' && s.charAt(6) == ''",
    "s.indexOf('o') == 4 && s.indexOf('x') == -1 && 'abab'.lastIndexOf('ab') == 2 && 'abab'.indexOf('ab', 1) == 2",
    "s.substring(1, 3) == 'él' && s.substring(5) == '😀'",
    "'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'ab'.split('') == ['a', 'b'] && ['a', 'b'].join('-') == 'a-b'",
    "'aaa'.replace('a', 'b', 2) == 'bba' && 'x'.replace('x', '$&') == '$&'",
    "' a '.trim() == 'a' && 'Aé'.lowerAscii() == 'aé' && 'a'.upperAscii() == 'A'",
    "'%s|%d|%.2f|%x'.format([dyn('a'), dyn(3), dyn(1.005), dyn(255)]) == 'a|3|1.00|ff'",
    'strings.quote(\'a"b\') == \'"a\\\\"b"\'',
  ],
  lists: [
    '[1, 2].isSorted() && ![2, 1].isSorted() && [1, 2].sum() == 3 && [3, 1].min() == 1 && [3, 1].max() == 3',
    '[1, 2, 1].indexOf(1) == 0 && [1, 2, 1].lastIndexOf(1) == 2 && [1].indexOf(5) == -1',
    '[1, 1, 2].distinct() == [1, 2] && [1, 2].reverse() == [2, 1] && [3, 1].sort() == [1, 3] && lists.range(2) == [0, 1]',
    "['bb', 'a'].sortBy(x, x.size()) == ['a', 'bb'] && [1, 2, 3].slice(1, 2) == [2] && [[1], [2]].flatten() == [1, 2]",
    'sets.contains([1, 2], [2]) && sets.equivalent([1, 2, 2], [2, 1]) && !sets.intersects([1], [2])',
  ],
  kubernetes: [
    "'abc 123'.find('[0-9]+') == '123' && '1a2'.findAll('[0-9]') == ['1', '2'] && '1a2'.findAll('[0-9]', 1) == ['1']",
    "'Abc'.matches('(?i)^abc$') && !'b'.matches('^a')",
    "url('https://u@example.com:80/a%20b?x=1&x=2').getHost() == 'example.com:80' && isURL('/a') && !isURL('a b')",
    "url('https://[::1]:80/p?q=a%20b').getHostname() == '::1' && url('https://x/p?q=a%20b').getQuery() == {'q': ['a b']}",
    "quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('50k').asInteger() == 50000 && !isQuantity('1x')",
    "quantity('1').add(quantity('500m')).compareTo(quantity('1500m')) == 0 && quantity('5').sub(2) == quantity('3') && sign(quantity('-1')) == -1",
    "!quantity('500m').isInteger() && quantity('500m').asApproximateFloat() == 0.5",
    "ip('192.168.0.1').family() == 4 && isIP('::1') && !isIP('01.2.3.4') && ip.isCanonical('::1') && !ip.isCanonical('::0:1')",
    "ip('fe80::1').isLinkLocalUnicast() && ip('127.0.0.1').isLoopback() && ip('8.8.8.8').isGlobalUnicast() && string(ip('::0:1')) == '::1'",
    "cidr('10.0.0.0/8').containsIP('10.1.1.1') && cidr('10.0.0.0/8').containsCIDR('10.2.0.0/16') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
    "!isCIDR('10.0.0.0/33') && cidr('::/16').prefixLength() == 16",
    "!format.dns1123Label().validate('my-name').hasValue() && format.named('uuid').value().validate('x').value() == ['does not match the UUID format']",
    "semver('1.2.3').isGreaterThan(semver('1.2.3-rc.1')) && semver('v1.0', true).minor() == 0 && !isSemver('1.0') && isSemver('v01.0', true)",
    "jsonpatch.escapeKey('a/b~c') == 'a~1b~0c'",
  ],
};

for (const [library, sources] of Object.entries(truths)) {
  test(`${library} expressions hold`, () => {
    for (const source of sources) {
      const outcome = run(source);
      assert.equal(outcome.error?.message ?? outcome.value, true, source);
    }
  });
}

test('expressions that fail say why', () => {
  const failures: [string, string][] = [
    ['1 / 0', 'division by zero'],
    ['1 % 0', 'modulus by zero'],
    ['9223372036854775807 + 1', 'integer overflow'],
    ['[1][2]', 'index out of bounds: 2'],
    ["{'a': 1}['b']", 'no such key: b'],
    ['self.labels.none', 'no such key: none'],
    ["dyn('a') + dyn(1)", 'no such overload'],
    ['optional.none().value()', 'optional.none() dereference'],
    ["''.substring(1)", 'index out of range: 1'],
  ];
  for (const [source, message] of failures) assert.equal(run(source).error?.message, message, source);
});

test('what does not compile is shown at its place', () => {
  const cases: [string, string][] = [
    ['self.foo', "ERROR: <input>:1:5: undefined field 'foo'\n | self.foo\n | ....^"],
    ['n + s', "ERROR: <input>:1:3: found no matching overload for '_+_' applied to '(int, string)'\n | n + s\n | ..^"],
    ['x', "ERROR: <input>:1:1: undeclared reference to 'x' (in container '')\n | x\n | ^"],
    [
      's.startsWith(1)',
      "ERROR: <input>:1:13: found no matching overload for 'startsWith' applied to 'string.(int)'\n | s.startsWith(1)\n | ............^",
    ],
    ["[1, 'a']", "ERROR: <input>:1:5: expected type 'int' but found 'string'\n | [1, 'a']\n | ....^"],
    ["s.matches('(')", "ERROR: <input>:1:11: invalid matches argument\n | s.matches('(')\n | ..........^"],
  ];
  for (const [source, errors] of cases) assert.equal(compile(source, env).errors, errors);
  assert.match(compile('self.a && self.b', env).errors ?? '', /undefined field 'a'[\s\S]*undefined field 'b'/);
});

test('hostile expressions are refused or stopped', () => {
  for (const source of [
    '('.repeat(10_000),
    `${'['.repeat(300)}${']'.repeat(300)}`,
    `1${'+1'.repeat(5000)}`,
    `n${'.a'.repeat(5000)}`,
    '-!'.repeat(5000),
    `'${'a'.repeat(100_001)}'`,
  ]) {
    assert.match(compile(source, env).errors ?? '', /ERROR: <input>/);
  }
  assert.equal(run(Array(2000).fill('true').join(' && ')).value, true);

  // Processor time: others may be at work on the machine.
  const started = process.cpuUsage();
  const ten = '[1,2,3,4,5,6,7,8,9,10]';
  const nested = 'abcdefgh'.split('').reduce((body, name) => `${ten}.all(${name}, ${body})`, 'n > 0');
  assert.equal(run(nested).error?.code, 'costLimit');
  const doubled = Array.from({ length: 60 }, (_, i) => `v${i}`).reduce(
    (body, name) => `[0].map(${name}, ${body})`,
    "'x'",
  );
  assert.equal(run(doubled).error, undefined);
  const regex = `'${'a'.repeat(5000)}!'.matches('(a+)+$')`;
  assert.equal(run(regex).value, false);
  assert.equal(run(`'${'a'.repeat(9000)}'.matches('${'(a|b)*'.repeat(2000)}c')`).error?.code, 'costLimit');
  assert.ok(process.cpuUsage(started).user < 5000_000);
});

test('no absorbing operator hides a spent budget', () => {
  const { program } = compile('[1, 2, 3].exists(x, [1, 2, 3].all(y, y > 0 && x > 5)) || true', env);
  assert.ok(program);
  assert.equal(evaluate(program, bindings, 5).error?.code, 'costLimit');
});

test('estimates bound what evaluation costs', () => {
  for (const source of [
    'self.count + 1 > 2',
    '[1, 2, 3].all(x, x > n)',
    "s == 'abc' || n in [1, 2]",
    "'a,b'.split(',').size() > 0",
    'cel.bind(x, n, x > 1)',
  ]) {
    const { program } = compile(source, env);
    assert.ok(program && program.cost.max < UNBOUNDED, source);
    const { cost } = evaluate(program, bindings);
    assert.ok(cost <= program.cost.max, `${source}: ${cost} > ${program.cost.max}`);
  }
  assert.ok(
    (compile('self.names.all(x, self.names.all(y, x == y))', env).program?.cost.max ?? 0) > limits.perExpression,
  );
});

test('literals of any JSON come back as they were', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
      const json = JSON.parse(JSON.stringify(value));
      assert.deepEqual(toJson(fromJson(json)), json);
    }),
  );
});

test('integer arithmetic agrees with 64 bits', () => {
  const int = fc.bigInt({ min: -(2n ** 63n) + 1n, max: 2n ** 63n - 1n });
  fc.assert(
    fc.property(int, int, fc.constantFrom('+', '-', '*'), (a, b, operator) => {
      const exact = operator === '+' ? a + b : operator === '-' ? a - b : a * b;
      const outcome = run(`(${a}) ${operator} (${b})`);
      if (BigInt.asIntN(64, exact) === exact) assert.equal(outcome.value, exact);
      else assert.equal(outcome.error?.message, 'integer overflow');
    }),
  );
});

test('any text is compiled or refused, never thrown at', () => {
  const piece = fc.constantFrom(
    'n',
    's',
    'self',
    '.',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '1',
    "'a'",
    '+',
    '&&',
    '?',
    ':',
    ',',
    'all',
    'x',
    '!',
    'in',
    '==',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 15 }), (pieces) => {
      const { program } = compile(pieces.join(' '), env);
      if (program !== undefined) evaluate(program, bindings);
    }),
    { numRuns: 500 },
  );
});

test('what is too much is not begun', () => {
  const failing = (source: string, bindings: Record<string, Value>): string => {
    const { program } = compile(source, environment({ s: STRING, t: STRING, n: listOf(INT), l: listOf(STRING) }));
    assert.ok(program !== undefined);
    return evaluate(program, bindings).error?.message ?? '';
  };
  const before = process.cpuUsage().user;
  const n = fromJson(Array.from({ length: 100_000 }, (_, index) => index));
  assert.match(failing('n.distinct().size() > 0', { n }), /cost limit exceeded/);
  assert.match(
    failing('sets.contains(n, n.map(x, x + 1))', { n: fromJson([...Array(5000).keys()]) }),
    /cost limit exceeded/,
  );
  const long = { s: 'x'.repeat(100_000), t: 'y'.repeat(100_000), l: fromJson(Array(100_000).fill('')) };
  assert.match(failing("s.replace('x', t) == ''", long), /exceeds limit/);
  assert.match(failing("s.replace('', t) == ''", long), /exceeds limit/);
  assert.match(failing("l.join(t) == ''", long), /exceeds limit/);
  assert.ok(process.cpuUsage().user - before < 3_000_000);
  assert.match(failing('[9223372036854775807, 1, -2].sum() > 0', {}), /integer overflow/);
});

test('a text made to take long does not', () => {
  const { program } = compile('double(s) == 1.0', environment({ s: STRING }));
  assert.ok(program !== undefined);
  const before = process.cpuUsage().user;
  evaluate(program, { s: `${'1'.repeat(500_000)}x` });
  assert.ok(process.cpuUsage().user - before < 2_000_000);
});
