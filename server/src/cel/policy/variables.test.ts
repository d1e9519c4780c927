import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePolicy } from './policy.ts';

const compiled = (variables: { name: string; expression: string }[]) =>
  compilePolicy({ variables, validations: [{ expression: 'variables.a == 1' }] }, { hasParams: false });

test('a variable knows those before it, not itself nor those after it', () => {
  const { errors } = compiled([
    { name: 'a', expression: '1' },
    { name: 'b', expression: 'variables.a + 1' },
    { name: 'c', expression: 'variables.c' },
    { name: 'd', expression: 'variables.e' },
    { name: 'e', expression: 'true' },
  ]);
  assert.deepEqual([...errors.keys()], ['variables[2].expression', 'variables[3].expression']);
});

test('what is all variables so far does not contain itself', () => {
  const { errors } = compiled([
    { name: 'a', expression: '1' },
    { name: 'all', expression: '[variables]' },
    { name: 'b', expression: 'variables.all[0].a' },
    { name: 'c', expression: 'variables.all[0].b' },
  ]);
  assert.deepEqual([...errors.keys()], ['variables[3].expression']);
});

test('the time to compile grows with the number of variables, not with its square', () => {
  const timeOf = (count: number): number => {
    const variables = Array.from({ length: count }, (_, index) => ({
      name: index === 0 ? 'a' : `v${index}`,
      expression: index === 0 ? '1' : 'variables.a + 1',
    }));
    const before = process.cpuUsage();
    assert.equal(compiled(variables).errors.size, 0);
    return process.cpuUsage(before).user;
  };
  timeOf(1000);
  const [few, many] = [timeOf(1000), timeOf(8000)];
  assert.ok(many < 24 * few, `${few} µs, ${many} µs`);
});
