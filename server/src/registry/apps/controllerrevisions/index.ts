import { isDeepStrictEqual } from 'node:util';
import { parseApiVersion } from '@typernetes/openapi/meta';
import type { ControllerRevision } from '@typernetes/openapi/types/apps/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import { IMMUTABLE, invalidValue, nonNegativeFields, path, required } from '../../validation/index.ts';

/** `deployment.apps/web`: who controls it. */
function controllerText(revision: ControllerRevision): string {
  const owner = (revision.metadata?.ownerReferences ?? []).find((reference) => reference.controller);
  if (!owner) return '<none>';
  const { group } = parseApiVersion(owner.apiVersion);
  return `${(group === '' ? owner.kind : `${owner.kind}.${group}`).toLowerCase()}/${owner.name}`;
}

export const controllerrevisions: ResourceRegistration<ControllerRevision> = {
  resource: { group: 'apps', resource: 'controllerrevisions' },
  strategy: {
    hasGeneration: false,
    validate(revision) {
      const errors = nonNegativeFields(path(''), revision, ['revision']);
      if (revision.data == null) errors.push(required(path('data'), 'data is mandatory'));
      else if (typeof revision.data !== 'object' || Array.isArray(revision.data)) {
        errors.push(required(path('data'), 'data must be a valid JSON object'));
      }
      return errors;
    },
    validateUpdate: (revision, old) => [
      ...nonNegativeFields(path(''), revision, ['revision']),
      // Kept as it was written: what is null is not what is absent.
      ...(isDeepStrictEqual(revision.data ?? null, old.data ?? null)
        ? []
        : [invalidValue(path('data'), revision.data, IMMUTABLE)]),
    ],
  },
  table: {
    columns: [nameColumn, text('Controller'), text('Revision'), ageColumn],
    cells: (revision, now) => [
      revision.metadata?.name ?? '',
      controllerText(revision),
      revision.revision ?? 0,
      age(revision, now),
    ],
  },
};
