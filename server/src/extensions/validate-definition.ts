/** CustomResourceDefinitions against upstream's rules. */
import { type FieldError, type FieldPath, invalidValue, path, required } from '@typernetes/openapi/meta';
import {
  dns1035Label,
  dns1123Subdomain,
  immutable,
  nameIsDnsSubdomain,
  optionalOneOf,
} from '../registry/validation/index.ts';
import { type Definition, isTrue, type Names, type Version } from './definition.ts';
import type { Structural } from './schema/index.ts';
import { validateConversion } from './validate-conversion.ts';
import { sharedParts, shownVersions, validateDeprecation, validateParts, withoutShared } from './validate-version.ts';

const spec = path('spec');
const approval = 'api-approved.kubernetes.io';

/** Clients may leave out whatever the types promise. */
function given(definition: Readonly<Definition>): Partial<Definition['spec']> {
  return (definition.spec as Definition['spec'] | undefined) ?? {};
}

export function definitionName(name: string, prefix: boolean, definition: Definition): string[] {
  const { names, group = '' } = given(definition);
  const problems = nameIsDnsSubdomain(name, prefix);
  if (name !== `${names?.plural ?? ''}.${group}`) problems.push('must be spec.names.plural+"."+spec.group');
  return problems;
}

export function validateDefinition(definition: Definition): FieldError[] {
  return [
    ...validateSpec(definition, undefined),
    ...storedVersions(definition),
    ...validateApproval(definition, undefined),
  ];
}

export function validateDefinitionUpdate(definition: Definition, old: Readonly<Definition>): FieldError[] {
  const errors = validateSpec(definition, old);
  const [next, before] = [given(definition), given(old)];
  if (isTrue(old, 'Established'))
    errors.push(
      ...immutable(spec.child('scope'), next.scope, before.scope),
      ...immutable(spec.child('names', 'kind'), next.names?.kind, before.names?.kind),
    );
  return [
    ...errors,
    ...immutable(spec.child('group'), next.group, before.group),
    ...immutable(spec.child('names', 'plural'), next.names?.plural, before.names?.plural),
    ...validateAcceptedNames(definition.status?.acceptedNames),
    ...storedVersions(definition),
    ...validateApproval(definition, old),
  ];
}

function storedVersions(definition: Definition): FieldError[] {
  const at = path('status', 'storedVersions');
  const stored = definition.status?.storedVersions ?? [];
  if (stored.length === 0) return [invalidValue(at, null, 'must have at least one stored version')];
  const errors: FieldError[] = [];
  const left = new Map(stored.map((name, index) => [name, index]));
  for (const { name, storage } of definition.spec?.versions ?? [])
    if (!left.delete(name) && storage) errors.push(invalidValue(at, stored, `must have the storage version ${name}`));
  for (const [name, index] of left)
    errors.push(
      invalidValue(
        at.index(index),
        name,
        `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
      ),
    );
  return errors;
}

function approvalState(value: string): 'missing' | 'bypassed' | 'approved' | 'invalid' {
  if (value === '') return 'missing';
  if (value.startsWith('unapproved')) return 'bypassed';
  return URL.canParse(value) ? 'approved' : 'invalid';
}

/** Groups of the Kubernetes project need its approval; an update that changes nothing about it is not asked. */
function validateApproval(definition: Definition, old: Readonly<Definition> | undefined): FieldError[] {
  const group = definition.spec?.group ?? '';
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return [];
  const state = approvalState(definition.metadata?.annotations?.[approval] ?? '');
  if (old !== undefined && state === approvalState(old.metadata?.annotations?.[approval] ?? '')) return [];
  const at = path('metadata', 'annotations').key(approval);
  const value = definition.metadata?.annotations?.[approval] ?? '';
  if (value === '')
    return [
      required(
        at,
        `protected groups must have approval annotation "${approval}", see https://github.com/kubernetes/enhancements/pull/1111`,
      ),
    ];
  if (state !== 'invalid') return [];
  return [
    invalidValue(
      at,
      value,
      `protected groups must have approval annotation "${approval}" with either a URL or a reason starting with "unapproved", see https://github.com/kubernetes/enhancements/pull/1111`,
    ),
  ];
}

/** One error for all that is wrong with a name. */
function named(at: FieldPath, value: string, messages: readonly string[], before = ''): FieldError[] {
  return messages.length === 0 ? [] : [invalidValue(at, value, before + messages.join(','))];
}

function validateSpec(definition: Definition, old: Readonly<Definition> | undefined): FieldError[] {
  const { group = '', scope, names, versions = [], preserveUnknownFields, conversion } = given(definition);
  const errors: FieldError[] = [];
  if (group === '') errors.push(required(spec.child('group'), ''));
  else {
    const messages = dns1123Subdomain(group);
    errors.push(...named(spec.child('group'), group, messages));
    if (messages.length === 0 && !group.includes('.'))
      errors.push(invalidValue(spec.child('group'), group, 'should be a domain with at least one dot'));
  }
  if (scope) errors.push(...optionalOneOf(spec.child('scope'), scope, ['Cluster', 'Namespaced']));
  else errors.push(required(spec.child('scope'), ''));
  const list = spec.child('versions');
  for (const [index, { schema }] of versions.entries())
    if (schema?.openAPIV3Schema === undefined)
      errors.push(required(list.index(index).child('schema', 'openAPIV3Schema'), ''));
  if (preserveUnknownFields === true && versions.some(({ schema }) => hasDefaults(schema?.openAPIV3Schema)))
    errors.push(
      invalidValue(spec.child('preserveUnknownFields'), true, 'must be false in order to use defaults in the schema'),
    );
  const shared = sharedParts(versions);
  const before = (name: string): Version | undefined =>
    (old && given(old).versions)?.find((version) => version.name === name);
  for (const [index, version] of versions.entries()) {
    const { name = '' } = version as Partial<Version>;
    const at = list.index(index);
    errors.push(
      ...named(at.child('name'), name, dns1035Label(name)),
      ...validateDeprecation(version, at.child('deprecationWarning')),
      ...validateParts(withoutShared(version, shared), at, {
        old: before(name),
        statusEnabled: version.subresources?.status !== undefined,
        schemaName: 'schema',
      }),
    );
  }
  if (new Set(versions.map((version) => version.name)).size < versions.length)
    errors.push(invalidValue(list, shownVersions(versions, shared), 'must contain unique version names'));
  if (versions.filter((version) => version.storage).length !== 1)
    errors.push(
      invalidValue(
        list,
        versions.length === 0 ? (definition.spec?.versions ?? null) : shownVersions(versions, shared),
        'must have exactly one version marked as storage version',
      ),
    );
  const first = (versions[0] as Partial<Version> | undefined)?.name ?? '';
  if (first !== '') errors.push(...named(spec.child('version'), first, dns1035Label(first)));
  const statusEnabled = versions.some(({ subresources }) => subresources?.status !== undefined);
  errors.push(
    ...validateNames(names),
    ...validateParts(shared, spec, { old: before(first), statusEnabled, schemaName: 'validation' }),
    ...(preserveUnknownFields === true && conversion !== undefined && conversion.strategy !== 'None'
      ? [
          invalidValue(
            spec.child('conversion', 'strategy'),
            conversion.strategy,
            'must be None if spec.preserveUnknownFields is true',
          ),
        ]
      : []),
    ...validateConversion(conversion, spec.child('conversion'), old),
  );
  if (preserveUnknownFields === true)
    errors.push(
      invalidValue(
        spec.child('preserveUnknownFields'),
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  return errors;
}

function hasDefaults(schema: Structural | undefined): boolean {
  if (schema === undefined) return false;
  if (schema.default !== undefined) return true;
  const { properties, items, additionalProperties } = schema;
  const below = [...Object.values(properties ?? {}), items];
  if (typeof additionalProperties === 'object') below.push(additionalProperties);
  return below.some(hasDefaults);
}

function validateNames(names: Names | undefined): FieldError[] {
  const at = spec.child('names');
  const missing = (['plural', 'singular', 'kind', 'listKind'] as const).filter((field) => !names?.[field]);
  return [...missing.map((field) => required(at.child(field), '')), ...nameErrors(names, at)];
}

export function validateAcceptedNames(names: Partial<Names> | undefined): FieldError[] {
  return nameErrors(names, path('status', 'acceptedNames'));
}

function nameErrors(names: Partial<Names> | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['plural', 'singular'] as const) {
    const value = names?.[field];
    if (value) errors.push(...named(at.child(field), value, dns1035Label(value)));
  }
  for (const field of ['kind', 'listKind'] as const) {
    const value = names?.[field];
    const before = 'may have mixed case, but should otherwise match: ';
    if (value) errors.push(...named(at.child(field), value, dns1035Label(value.toLowerCase()), before));
  }
  const each = (field: 'shortNames' | 'categories'): FieldError[] =>
    (names?.[field] ?? []).flatMap((value, index) => named(at.child(field).index(index), value, dns1035Label(value)));
  errors.push(...each('shortNames'));
  if (names?.kind && names.kind === names.listKind)
    errors.push(invalidValue(at.child('listKind'), names.listKind, 'kind and listKind may not be the same'));
  return [...errors, ...each('categories')];
}
