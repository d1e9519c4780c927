import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Endpoint, EndpointSlice } from '@typernetes/openapi/types/discovery/v1';
import * as fc from 'fast-check';
import { type EndpointGroup, planSlices, portsKey } from './desired-slices.ts';

const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
const endpoint = (id: number, ready = true): Endpoint => ({
  addresses: [`10.0.0.${id}`],
  conditions: { ready },
  targetRef: { uid: `pod-${id}` },
});
const group = (endpoints: Endpoint[]): Map<string, EndpointGroup> =>
  new Map(endpoints.length === 0 ? [] : [[portsKey(ports), { ports, endpoints }]]);
const slice = (name: string, endpoints: Endpoint[], slicePorts = ports): EndpointSlice => ({
  metadata: { name },
  addressType: 'IPv4',
  endpoints,
  ports: slicePorts,
});
const range = (from: number, to: number): Endpoint[] =>
  Array.from({ length: to - from }, (_, index) => endpoint(from + index));

describe('planSlices', () => {
  it('keeps an empty slice for a Service without endpoints', () => {
    assert.deepEqual(planSlices(group([]), [], 3).create, [{ ports: [], endpoints: [] }]);
    const placeholder = slice('empty', [], []);
    assert.deepEqual(planSlices(group([]), [placeholder], 3), { create: [], update: [], delete: [] });
    assert.deepEqual(planSlices(group(range(0, 1)), [placeholder], 3).delete, [placeholder]);
  });

  it('writes nothing when nothing changed', () => {
    assert.deepEqual(planSlices(group(range(0, 3)), [slice('a', range(0, 3))], 3), {
      create: [],
      update: [],
      delete: [],
    });
  });

  it('fills slices that change anyway before it creates one', () => {
    const [full, changing] = [slice('full', range(0, 2)), slice('changing', range(2, 5))];
    const plan = planSlices(group([...range(0, 4), endpoint(9)]), [full, changing], 3);
    assert.deepEqual(plan.update, [{ slice: changing, endpoints: [...range(2, 4), endpoint(9)] }]);
    assert.deepEqual([plan.create, plan.delete], [[], []]);
  });

  it('updates an endpoint in its place', () => {
    const there = slice('a', range(0, 2));
    const plan = planSlices(group([endpoint(0, false), endpoint(1)]), [there], 3);
    assert.deepEqual(plan.update, [{ slice: there, endpoints: [endpoint(0, false), endpoint(1)] }]);
  });

  it('ends with every endpoint once, and no slice over the limit', () => {
    const ids = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 });
    fc.assert(
      fc.property(ids, fc.array(ids, { maxLength: 4 }), (wanted, present) => {
        const seen = new Set<number>();
        const existing = present.map((entries, index) => {
          const own = entries.filter((id) => !seen.has(id)).slice(0, 10);
          for (const id of own) seen.add(id);
          return slice(
            `s${index}`,
            own.map((id) => endpoint(id)),
          );
        });
        const plan = planSlices(group(wanted.map((id) => endpoint(id))), existing, 10);
        const updated = new Map(plan.update.map((entry) => [entry.slice, entry.endpoints]));
        const kept = existing
          .filter((entry) => !plan.delete.includes(entry))
          .map((entry) => updated.get(entry) ?? entry.endpoints ?? []);
        const after = [...kept, ...plan.create.map((entry) => entry.endpoints)];
        assert.ok(after.every((entries) => entries.length <= 10));
        const byNumber = (a: number, b: number): number => a - b;
        assert.deepEqual(
          after
            .flat()
            .map((entry) => Number(entry.targetRef?.uid?.slice(4)))
            .sort(byNumber),
          [...wanted].sort(byNumber),
        );
      }),
    );
  });
});
