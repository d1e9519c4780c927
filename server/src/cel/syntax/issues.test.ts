import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile, environment } from '../environment.ts';
import { DYN } from '../types/type.ts';

const env = environment({ object: DYN });
const told = (source: string): string[] =>
  (compile(source, env).errors ?? '')
    .split('\n')
    .flatMap((line) => /^ERROR: <input>:(\d+:\d+: .*)$/.exec(line)?.[1] ?? []);
const operand =
  "expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

test("what is broken is told in ANTLR's words, all of it", () => {
  for (const [source, ...issues] of [
    ['object.', "1:8: Syntax error: no viable alternative at input '.'"],
    ['object.(', "1:8: Syntax error: no viable alternative at input '.('"],
    [
      'object.?1',
      "1:9: Syntax error: mismatched input '1' expecting {IDENTIFIER, ESC_IDENTIFIER}",
      '1:9: unsupported ident kind',
    ],
    [
      "object == 'abc",
      "1:11: Syntax error: token recognition error at: ''abc'",
      `1:15: Syntax error: mismatched input '<EOF>' ${operand}`,
    ],
    ["object.x 'abc", "1:10: Syntax error: token recognition error at: ''abc'"],
    [
      'object # x',
      "1:8: Syntax error: token recognition error at: '#'",
      "1:10: Syntax error: extraneous input 'x' expecting <EOF>",
    ],
    ['Nonsense{a: Other{}} == object', "1:9: undeclared reference to 'Nonsense' (in container '')"],
  ])
    assert.deepEqual(told(source!), issues, source);
});

test('of many issues the first are shown, and the others counted', () => {
  const { errors = '' } = compile('é'.repeat(20_000), environment({}));
  assert.equal(errors.match(/ERROR:/g)?.length, 100);
  assert.match(errors, /\n1990\d more errors were truncated$/);
});
