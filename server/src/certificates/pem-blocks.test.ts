import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificateBlocks, pemBlocks } from './pem-blocks.ts';
import { requestProblem } from './request-check.ts';

const block = (type: string, body: string, endType = type): string =>
  `-----BEGIN ${type}-----${body}-----END ${endType}-----`;

const cases: [name: string, text: string, found: string[]][] = [
  ['nothing', 'no block', []],
  ['several, with text around them', `a ${block('X', '\n1\n')} b ${block('Y Z', '2')}c`, ['X:\n1\n', 'Y Z:2']],
  ['one that never ends before one that does', `-----BEGIN X-----1${block('X', '2')}`, ['X:2']],
  ['ends of another type', `${block('X', '1', 'Y')}${block('Y', '2')}`, ['Y:2']],
  ['no end', '-----BEGIN X-----1', []],
  ['no end of the first line', '-----BEGIN X-----END X-----', []],
  ['an end alone', `-----END X-----${block('X', '1')}`, ['X:1']],
];
for (const [name, text, found] of cases) {
  test(name, () => {
    const blocks = [...pemBlocks(text)];
    assert.deepEqual(
      blocks.map(({ type, body }) => `${type}:${body}`),
      found,
    );
    for (const { whole, type, body } of blocks) assert.equal(whole, block(type, body));
  });
}

test('certificates of a bundle: not keys, none with headers, none that never end', () => {
  const [one, two] = [block('CERTIFICATE', '\nYQ==\n'), block('CERTIFICATE', '\nYg==\n')];
  const bundle = [
    block('RSA PRIVATE KEY', 'x'),
    one,
    block('CERTIFICATE', '\nA: b\n\nYQ==\n'),
    '-----BEGIN CERTIFICATE-----',
    two,
  ];
  assert.deepEqual(certificateBlocks(bundle.join('\n')), [one, two]);
  assert.deepEqual(certificateBlocks('none'), []);
});

for (const [name, text] of [
  ['beginnings', '-----BEGIN CERTIFICATE REQUEST-----'.repeat(60_000)],
  ['ends', '-----BEGIN A-----END B-----'.repeat(80_000)],
  ['white space', `-----BEGIN CERTIFICATE REQUEST-----${' '.repeat(2_000_000)}!`],
] as const) {
  test(`megabytes of ${name} are read in one pass`, () => {
    const before = process.cpuUsage();
    assert.match(requestProblem(text) ?? '', /PEM block type/);
    const { user } = process.cpuUsage(before);
    assert.ok(user < 2_000_000, `${user / 1000} ms`);
  });
}
