import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pemBlocks } from './pem-blocks.ts';
import { requestProblem } from './request-check.ts';

const block = (type: string, body: string): string => `-----BEGIN ${type}-----\n${body}\n-----END ${type}-----`;

test('blocks of a text', () => {
  const text = `before\n${block('A', 'x')}\nbetween\n${block('B C', 'y')}\n`;
  assert.deepEqual(
    pemBlocks(text).map(({ type, body }) => [type, body.trim()]),
    [
      ['A', 'x'],
      ['B C', 'y'],
    ],
  );
  assert.equal(pemBlocks(text)[0]?.text, block('A', 'x'));
});

test('what is no block', () => {
  for (const text of ['', '-----BEGIN A-----', '-----BEGIN A-----x-----END B-----', '-----BEGIN -----x-----END -----'])
    assert.deepEqual(pemBlocks(text), []);
  assert.deepEqual(
    pemBlocks(`-----BEGIN A-----x-----END B-----${block('C', 'y')}`).map(({ type }) => type),
    ['C'],
  );
});

test('a text made to take long does not', () => {
  const before = process.cpuUsage().user;
  pemBlocks('-----BEGIN A-----'.repeat(80_000));
  pemBlocks('-----BEGIN A----------END B-----'.repeat(40_000));
  requestProblem(`-----BEGIN CERTIFICATE REQUEST-----${' '.repeat(1_000_000)}`);
  assert.ok(process.cpuUsage().user - before < 2_000_000);
});
