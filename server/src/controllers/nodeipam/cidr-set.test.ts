import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CidrSet } from './cidr-set.ts';

describe('CidrSet', () => {
  it('hands out each part once, round and round', () => {
    const set = new CidrSet('10.244.0.0/22', 24);
    const all = Array.from({ length: 4 }, () => set.allocate());
    assert.deepEqual(all, ['10.244.0.0/24', '10.244.1.0/24', '10.244.2.0/24', '10.244.3.0/24']);
    assert.equal(set.allocate(), undefined);
    set.release('10.244.2.0/24');
    assert.equal(set.allocate(), '10.244.2.0/24');
  });

  it('keeps out of what overlaps', () => {
    const set = new CidrSet('10.0.0.0/22', 24);
    set.occupy('10.0.0.128/25');
    set.occupy('10.0.2.0/23');
    set.occupy('192.168.0.0/16');
    set.occupy('fd00::/64');
    assert.equal(set.allocate(), '10.0.1.0/24');
    assert.equal(set.allocate(), undefined);
  });

  it('knows IPv6', () => {
    const set = new CidrSet('fd00:10::/62', 64);
    assert.deepEqual([set.allocate(), set.allocate()], ['fd00:10::/64', 'fd00:10:0:1::/64']);
  });

  it('refuses masks that do not fit', () => {
    assert.throws(() => new CidrSet('10.0.0.0/24', 16));
    assert.throws(() => new CidrSet('10.0.0.0/8', 28));
  });
});
