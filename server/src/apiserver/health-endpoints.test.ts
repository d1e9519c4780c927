import assert from 'node:assert/strict';
import { test } from 'node:test';
import { patient } from './health-endpoints.ts';

test('a hook has its time to end before it counts as failed', () => {
  let time = 0;
  const check = () => {
    throw new Error('not finished');
  };
  const hook = patient({ name: 'poststarthook/slow', check }, 10, () => time);
  assert.equal(hook.name, 'poststarthook/slow');
  assert.equal(hook.check(), undefined);
  time = 10;
  assert.throws(() => hook.check(), /not finished/);
});
