import type { IPAddress } from '@typernetes/openapi/types/networking/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  validateAddress as addressErrors,
  canonicalAddress,
  checked,
  dns1123Subdomain,
  immutable,
  path,
  pathSegmentName,
  required,
} from '../../validation/index.ts';

/** The name is the address, in the one form every allocator would write it. */
function addressName(name: string): string[] {
  const problems = addressErrors(name, path('')).map(({ detail }) => detail);
  if (problems.length > 0) return problems;
  const canonical = canonicalAddress(name);
  return canonical === name ? [] : [`must be in canonical form (${JSON.stringify(canonical)})`];
}

function validateAddress(object: IPAddress): FieldError[] {
  const at = path('spec', 'parentRef');
  const parent = object.spec?.parentRef;
  if (!parent) return [required(at, '')];
  const errors: FieldError[] = parent.group
    ? checked(at.child('group'), parent.group, dns1123Subdomain(parent.group))
    : [];
  for (const field of ['resource', 'name'] as const) {
    const value = parent[field];
    if (!value) errors.push(required(at.child(field), ''));
    else errors.push(...checked(at.child(field), value, pathSegmentName(value)));
  }
  if (parent.namespace)
    errors.push(...checked(at.child('namespace'), parent.namespace, pathSegmentName(parent.namespace)));
  return errors;
}

export const ipaddresses: ResourceRegistration<IPAddress> = {
  resource: { group: 'networking.k8s.io', resource: 'ipaddresses' },
  strategy: {
    hasGeneration: false,
    validateName: addressName,
    // A name cannot be made up: the prefix is all there is.
    generateName: (prefix) => prefix,
    validate: validateAddress,
    validateUpdate: (object, old) => [
      ...validateAddress(object),
      ...immutable(path('spec', 'parentRef'), object.spec?.parentRef, old.spec?.parentRef),
    ],
  },
  table: {
    // The rows of upstream end in an age that no column names.
    columns: [nameColumn, text('ParentRef')],
    cells(object, now) {
      const parent = object.spec?.parentRef;
      if (!parent) return [object.metadata?.name ?? '', '<none>', age(object, now)];
      const resource = (parent.group ? `${parent.resource}.${parent.group}` : parent.resource).toLowerCase();
      const place = [resource, parent.namespace, parent.name].filter((part) => part).join('/');
      return [object.metadata?.name ?? '', place, age(object, now)];
    },
  },
};
