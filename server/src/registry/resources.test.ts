import assert from 'node:assert/strict';
import { test } from 'node:test';
import { catalogue } from '@typernetes/openapi/catalogue';
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { ResourceRegistration, StrategyContext } from './generic/strategy.ts';
import { resourceRegistrations } from './resources.ts';
import { FakeRegistry, testDependencies } from './testing/registry.ts';

const registrations = resourceRegistrations(testDependencies(new FakeRegistry()));
const NOW = new Date('2026-01-01T00:00:00Z');
const CONTEXT: StrategyContext = { user: { name: 'u', groups: [] }, now: NOW, dryRun: false, subresource: '' };

const nameOf = ({ resource }: ResourceRegistration): string => `${resource.resource}.${resource.group}`;

/** Objects that decode and hold next to nothing. */
const SPARSE: readonly object[] = [
  { metadata: { name: 'x' } },
  { metadata: { name: 'x', namespace: 'y' }, spec: {} },
  {
    metadata: { name: 'x' },
    spec: { template: {} },
    template: {},
    webhooks: [{}],
    rules: [{}],
    subjects: [{}],
    subsets: [{}],
  },
  {
    metadata: { name: 'x' },
    spec: { template: { spec: { containers: [{}] } }, containers: [{}], ports: [{}], rules: [{}], metrics: [{}] },
  },
];

/** Rows of upstream that are longer than its head. */
const cellsWithoutColumn: Readonly<Record<string, number>> = { 'ipaddresses.networking.k8s.io': 1 };

for (const registration of registrations) {
  test(`${nameOf(registration)}: sparse objects are defaulted, checked and printed without a crash`, () => {
    const { strategy = {}, table, selectableFields = {}, deleteStrategy } = registration;
    for (const sparse of SPARSE) {
      const object = structuredClone(sparse) as KubernetesObject;
      const bare = structuredClone(sparse) as KubernetesObject;
      strategy.validate?.(bare, CONTEXT);
      strategy.default?.(object);
      strategy.prepareForCreate?.(object, CONTEXT);
      strategy.validate?.(object, CONTEXT);
      strategy.canonicalize?.(object);
      const next = structuredClone(object);
      strategy.prepareForUpdate?.(next, object, CONTEXT);
      strategy.validateUpdate?.(next, object, CONTEXT);
      strategy.prepareForStatusUpdate?.(next, object, CONTEXT);
      strategy.validateStatusUpdate?.(next, object, CONTEXT);
      strategy.warningsOnCreate?.(object);
      deleteStrategy?.gracePeriodSeconds?.(object, undefined);
      for (const read of Object.values(selectableFields)) assert.equal(typeof read(object), 'string');
      for (const own of Object.values(registration.strategyIn ?? {})) {
        own.validate?.(bare, CONTEXT);
        own.validateUpdate?.(next, bare, CONTEXT);
      }
      const cells = (table?.columns.length ?? 0) + (cellsWithoutColumn[nameOf(registration)] ?? 0);
      for (const row of [object, bare]) if (table) assert.equal(table.cells(row, NOW).length, cells);
    }
  });
}

test('defaulting twice is defaulting once', () => {
  for (const registration of registrations) {
    for (const sparse of SPARSE) {
      const once = structuredClone(sparse) as KubernetesObject;
      registration.strategy?.default?.(once);
      const twice = structuredClone(once);
      registration.strategy?.default?.(twice);
      assert.deepEqual(twice, once, nameOf(registration));
    }
  }
});

test('every resource of the catalogue is registered, each once', () => {
  const names = registrations.map(nameOf);
  assert.equal(new Set(names).size, names.length);
  const known = new Set(catalogue().map(({ group, resource }) => `${resource}.${group}`));
  // The events of events.k8s.io are those of core: one registration, two ways to see them.
  const without = [...known].filter((name) => !names.includes(name)).toSorted();
  assert.deepEqual(without, ['events.events.k8s.io']);
});
