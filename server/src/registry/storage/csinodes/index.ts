import type { CSINode } from '@typernetes/openapi/types/storage/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, integer, nameColumn } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import { duplicate, path, required } from '../../validation/index.ts';

function validateNode(node: CSINode): FieldError[] {
  const names = new Set<string>();
  return (node.spec?.drivers ?? []).flatMap((driver, index) => {
    const at = path('spec', 'drivers').index(index);
    const errors: FieldError[] = [];
    if (!driver.name) errors.push(required(at.child('name'), ''));
    else if (names.has(driver.name)) errors.push(duplicate(at.child('name'), driver.name));
    names.add(driver.name);
    if (!driver.nodeID) errors.push(required(at.child('nodeID'), ''));
    return errors;
  });
}

export const csinodes: ResourceRegistration<CSINode> = {
  resource: { group: 'storage.k8s.io', resource: 'csinodes' },
  strategy: {
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    validate: validateNode,
    validateUpdate: validateNode,
  },
  table: {
    columns: [nameColumn, integer('Drivers'), ageColumn],
    cells: (node, now) => [node.metadata?.name ?? '', (node.spec?.drivers ?? []).length, age(node, now)],
  },
};
