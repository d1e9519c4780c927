/** What Go writes of a struct even where nobody set it: fields that are no pointers and not left out when zero. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { schemaByName } from '../catalogue/index.ts';
import { checkTypes } from './index.ts';

function decode(definition: string, value: unknown): unknown {
  return checkTypes(value, { $ref: `io.k8s.api.${definition}` }, schemaByName) && value;
}

test('a quantity that is no pointer is written as zero, one that is a pointer is not', () => {
  const selector = { resource: 'limits.cpu' };
  assert.deepEqual(decode('core.v1.ResourceFieldSelector', { ...selector }), { ...selector, divisor: '0' });
  assert.deepEqual(decode('core.v1.ResourceFieldSelector', { ...selector, divisor: '1m' }), {
    ...selector,
    divisor: '1m',
  });
  assert.deepEqual(decode('core.v1.EnvVarSource', { resourceFieldRef: { ...selector } }), {
    resourceFieldRef: { ...selector, divisor: '0' },
  });
  assert.deepEqual(decode('core.v1.EmptyDirVolumeSource', {}), {});
  assert.deepEqual(decode('core.v1.EmptyDirVolumeSource', { sizeLimit: '0' }), { sizeLimit: '0' });
});
