import type { CustomResourceDefinition } from '@typernetes/openapi/types/apiextensions/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  checked,
  dns1035Label,
  dns1123Subdomain,
  immutable,
  invalidValue,
  optionalOneOf,
  path,
  required,
} from '../../validation/index.ts';

const spec = path('spec');

function validateDefinition(definition: CustomResourceDefinition): FieldError[] {
  const { names, scope } = definition.spec ?? {};
  const group = definition.spec?.group ?? '';
  const versions = definition.spec?.versions ?? [];
  const errors: FieldError[] = [];
  const name = definition.metadata?.name ?? '';
  const wanted = `${names?.plural ?? ''}.${group}`;
  if (name !== wanted)
    errors.push(invalidValue(path('metadata', 'name'), name, `must be spec.names.plural+"."+spec.group`));
  if (group === '') errors.push(required(spec.child('group'), ''));
  else {
    errors.push(...checked(spec.child('group'), group, dns1123Subdomain(group)));
    if (!group.includes('.'))
      errors.push(invalidValue(spec.child('group'), group, 'should be a domain with at least one dot'));
  }
  if (scope) errors.push(...optionalOneOf(spec.child('scope'), scope, ['Cluster', 'Namespaced']));
  else errors.push(required(spec.child('scope'), ''));
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const) {
    const value = names?.[field] ?? '';
    const at = spec.child('names', field);
    errors.push(...(value === '' ? [required(at, '')] : checked(at, value, dns1035Label(value.toLowerCase()))));
  }
  if (names?.kind && names.kind === names.listKind) {
    errors.push(invalidValue(spec.child('names', 'listKind'), names.listKind, 'kind and listKind may not be the same'));
  }
  const seen = new Set<string>();
  for (const [index, version] of versions.entries()) {
    const at = spec.child('versions').index(index);
    errors.push(...checked(at.child('name'), version.name, dns1035Label(version.name ?? '')));
    if (seen.has(version.name))
      errors.push(invalidValue(spec.child('versions'), versions, 'must contain unique version names'));
    seen.add(version.name);
    if (!version.schema?.openAPIV3Schema)
      errors.push(required(at.child('schema', 'openAPIV3Schema'), 'schemas are required'));
  }
  if (versions.length === 0)
    errors.push(required(spec.child('versions'), 'must have exactly one version marked as storage version'));
  else if (versions.filter((version) => version.storage).length !== 1) {
    errors.push(
      invalidValue(spec.child('versions'), versions, 'must have exactly one version marked as storage version'),
    );
  }
  return errors;
}

export const customresourcedefinitions: ResourceRegistration<CustomResourceDefinition> = {
  resource: { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
  strategy: {
    allowUnconditionalUpdate: false,
    default(definition) {
      const given = definition.spec;
      if (!given) return;
      if (given.names) {
        given.names.singular ||= (given.names.kind ?? '').toLowerCase();
        if (given.names.kind) given.names.listKind ||= `${given.names.kind}List`;
      }
      given.conversion ??= { strategy: 'None' };
      const service = given.conversion.webhook?.clientConfig?.service;
      if (service) service.port ??= 443;
    },
    prepareForCreate(definition) {
      const storage = (definition.spec?.versions ?? [])
        .filter((version) => version.storage)
        .map((version) => version.name);
      definition.status = { storedVersions: storage };
    },
    prepareForUpdate(definition, old) {
      definition.status = structuredClone(old.status ?? {});
      const stored = definition.status.storedVersions ?? [];
      const storage = (definition.spec?.versions ?? []).find((version) => version.storage)?.name;
      if (storage !== undefined && !stored.includes(storage)) definition.status.storedVersions = [...stored, storage];
    },
    validate: validateDefinition,
    validateUpdate(definition, old) {
      const errors = validateDefinition(definition);
      const established = (old.status?.conditions ?? []).some(
        ({ type, status }) => type === 'Established' && status === 'True',
      );
      if (established) {
        errors.push(
          ...immutable(spec.child('scope'), definition.spec?.scope, old.spec?.scope),
          ...immutable(spec.child('names', 'kind'), definition.spec?.names?.kind, old.spec?.names?.kind),
        );
      }
      return [
        ...errors,
        ...immutable(spec.child('group'), definition.spec?.group, old.spec?.group),
        ...immutable(spec.child('names', 'plural'), definition.spec?.names?.plural, old.spec?.names?.plural),
      ];
    },
  },
};
