import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IPAddress, ServiceCIDR } from '@typernetes/openapi/types/networking/v1';
import { isDispensable } from './service-cidrs-controller.ts';

const range = (name: string, ...cidrs: string[]): ServiceCIDR => ({ metadata: { name }, spec: { cidrs } });
const address = (name: string, managedBy = 'ipallocator.k8s.io'): IPAddress => ({
  metadata: { name, labels: { 'ipaddress.kubernetes.io/managed-by': managedBy } },
  spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } },
});

const one = range('one', '10.0.0.0/24');
const table: [what: string, others: ServiceCIDR[], addresses: IPAddress[], expected: boolean][] = [
  ['nothing was given from it', [], [address('10.0.1.1')], true],
  ['an address was given from it', [], [address('10.0.0.1')], false],
  ['somebody else made the address', [], [address('10.0.0.1', 'somebody')], true],
  ['a larger range holds all of it', [range('large', '10.0.0.0/16')], [address('10.0.0.1')], true],
  ['the same range is there twice', [range('twin', '10.0.0.0/24')], [address('10.0.0.1')], true],
  ['a smaller range holds the address', [range('small', '10.0.0.0/28')], [address('10.0.0.1')], true],
  ['a smaller range holds another', [range('small', '10.0.0.0/28')], [address('10.0.0.99')], false],
  ['only a range of the other family is there', [range('six', '::/0')], [address('10.0.0.1')], false],
];
for (const [what, others, addresses, expected] of table) {
  test(`a ServiceCIDR ${expected ? 'may go' : 'stays'} when ${what}`, () =>
    assert.equal(isDispensable(one, [one, ...others], addresses), expected));
}

test('each family of a range counts', () => {
  const dual = range('dual', '10.0.0.0/24', 'fd00::/112');
  const large = range('large', '10.0.0.0/16');
  assert.equal(isDispensable(dual, [dual, large], [address('fd00::1')]), false);
  assert.equal(isDispensable(dual, [dual, large], [address('10.0.0.1')]), true);
});
