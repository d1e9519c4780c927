import type { CSINode, CSINodeDriver } from '@typernetes/openapi/types/storage/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { withoutEmpty } from '../../generic/without-empty.ts';
import { age, ageColumn, integer, nameColumn } from '../../printing/index.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  duplicate,
  immutable,
  invalidValue,
  nonNegative,
  path,
  qualifiedName,
  required,
} from '../../validation/index.ts';
import { validateDriverName } from '../driver-name.ts';

const maxNodeIdLength = 256;

function validateNode(node: CSINode): FieldError[] {
  const names = new Set<string>();
  return (node.spec?.drivers ?? []).flatMap((driver, index) => {
    const at = path('spec', 'drivers').index(index);
    const errors: FieldError[] = [];
    const name = driver.name ?? '';
    errors.push(...validateDriverName(name, at.child('name')));
    if (!driver.nodeID) errors.push(required(at.child('nodeID'), ''));
    else if (Buffer.byteLength(driver.nodeID) > maxNodeIdLength)
      errors.push(invalidValue(at.child('nodeID'), driver.nodeID, `must be ${maxNodeIdLength} characters or less`));
    errors.push(...nonNegative(at.child('allocatable', 'count'), driver.allocatable?.count));
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    return [...errors, ...validateTopologyKeys(driver.topologyKeys ?? [], at)];
  });
}

function validateTopologyKeys(keys: readonly string[], at: Path): FieldError[] {
  const seen = new Set<string>();
  return keys.flatMap((key) => {
    const errors = key === '' ? [required(at, '')] : [];
    if (seen.has(key)) errors.push(duplicate(at, key));
    seen.add(key);
    return [...errors, ...checked(at, key, qualifiedName(key))];
  });
}

/** What a driver has said of itself stays, but for how many volumes it can attach. */
function validateNodeUpdate(node: CSINode, old: Readonly<CSINode>): FieldError[] {
  const errors = validateNode(node);
  const fixed = (driver: CSINodeDriver): CSINodeDriver => ({ ...driver, allocatable: undefined }) as CSINodeDriver;
  for (const before of old.spec?.drivers ?? [])
    for (const driver of node.spec?.drivers ?? [])
      if (driver.name === before.name) errors.push(...immutable(path('spec', 'drivers'), fixed(driver), fixed(before)));
  return errors;
}

export const csinodes: ResourceRegistration<CSINode> = {
  resource: { group: 'storage.k8s.io', resource: 'csinodes' },
  strategy: {
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    canonicalize: (node) => withoutEmpty(node.spec, 'drivers', null),
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
  },
  table: {
    columns: [nameColumn, integer('Drivers'), ageColumn],
    cells: (node, now) => [node.metadata?.name ?? '', (node.spec?.drivers ?? []).length, age(node, now)],
  },
};
