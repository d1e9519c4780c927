import type { StorageVersionMigration } from '@typernetes/openapi/types/storagemigration/v1beta1';
import {
  dns1035Label,
  dns1123Subdomain,
  type FieldError,
  IMMUTABLE,
  invalidValue,
  path,
  required,
  validateConditions,
} from '../../validation/index.ts';

/** What is migrated. Clients may leave out whatever the types promise. */
export function validateMigration({ spec }: StorageVersionMigration): FieldError[] {
  const at = path('spec', 'resource');
  const { group = '', resource = '' }: { group?: string; resource?: string } = spec?.resource ?? {};
  const named = dns1035Label(resource);
  const grouped = group === '' ? [] : dns1123Subdomain(group);
  const errors =
    resource === ''
      ? [required(at.child('resource'), 'resource is required to be set')]
      : named.length === 0
        ? []
        : [invalidValue(at.child('resource'), resource, named.join(','))];
  return grouped.length === 0 ? errors : [...errors, invalidValue(at.child('group'), group, grouped.join(','))];
}

/** It ends once, and one way. */
export function validateMigrationStatus(
  { status }: StorageVersionMigration,
  { status: old }: StorageVersionMigration,
): FieldError[] {
  const at = path('status');
  const { resourceVersion = '', conditions = [] } = status ?? {};
  const before = old?.resourceVersion ?? '';
  const refuse = (message: string): FieldError => invalidValue(at.child('conditions'), conditions, message);
  const [succeeded, failed] = [holds(status, 'Succeeded'), holds(status, 'Failed')];
  return [
    ...validateConditions(conditions, at.child('conditions')),
    ...(before !== '' && before !== resourceVersion
      ? [invalidValue(at.child('resourceVersion'), resourceVersion, IMMUTABLE)]
      : []),
    ...(succeeded && failed ? [refuse('Both success and failed conditions cannot be true at the same time')] : []),
    ...(holds(old, 'Succeeded') && !succeeded
      ? [refuse('Success condition cannot be set to false once it is true')]
      : []),
    ...(holds(old, 'Failed') && !failed ? [refuse('Failed condition cannot be set to false once it is true')] : []),
  ];
}

const holds = (of: StorageVersionMigration['status'], type: string): boolean =>
  of?.conditions?.find((condition) => condition.type === type)?.status === 'True';
