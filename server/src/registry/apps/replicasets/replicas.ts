/** What ReplicaSets and ReplicationControllers have in common. */
import type { ReplicaSet } from '@typernetes/openapi/types/apps/v1';
import type { ReplicationController } from '@typernetes/openapi/types/core/v1';
import type { TableDefinition } from '../../generic/table.ts';
import { age, ageColumn, containerCells, integer, nameColumn, text } from '../../printing/index.ts';
import { type FieldError, invalidValue, nonNegativeFields, type Path } from '../../validation/index.ts';

interface ReplicaCounts {
  replicas?: number;
  fullyLabeledReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
}

export function validateReplicaCounts(status: ReplicaCounts, at: Path): FieldError[] {
  const errors = nonNegativeFields(at, status, [
    'replicas',
    'fullyLabeledReplicas',
    'readyReplicas',
    'availableReplicas',
    'terminatingReplicas',
    'observedGeneration',
  ]);
  for (const field of ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const) {
    const value = status[field] ?? 0;
    if (value > (status.replicas ?? 0))
      errors.push(invalidValue(at.child(field), value, 'cannot be greater than status.replicas'));
  }
  if ((status.availableReplicas ?? 0) > (status.readyReplicas ?? 0)) {
    errors.push(
      invalidValue(at.child('availableReplicas'), status.availableReplicas, 'cannot be greater than readyReplicas'),
    );
  }
  return errors;
}

export function replicaTable<T extends ReplicaSet | ReplicationController>(
  selectorOf: (object: T) => string,
): TableDefinition<T> {
  return {
    columns: [
      nameColumn,
      integer('Desired'),
      integer('Current'),
      integer('Ready'),
      ageColumn,
      text('Containers', 1),
      text('Images', 1),
      text('Selector', 1),
    ],
    cells: (object, now) => [
      object.metadata?.name ?? '',
      object.spec?.replicas ?? 0,
      object.status?.replicas ?? 0,
      object.status?.readyReplicas ?? 0,
      age(object, now),
      ...containerCells(object.spec?.template?.spec?.containers),
      selectorOf(object),
    ],
  };
}
