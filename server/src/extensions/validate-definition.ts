/** CustomResourceDefinitions against upstream's rules. */
import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  path,
  required,
  tooMany,
} from '@typernetes/openapi/meta';
import { dns1035Label, dns1123Subdomain, immutable, optionalOneOf } from '../registry/validation/index.ts';
import { type Definition, isTrue, type Names, type ScaleSubresource, type Version } from './definition.ts';
import type { Structural } from './schema/index.ts';
import { validateSchema } from './validate-schema.ts';

const spec = path('spec');
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];
const maxSelectableFields = 8;
const approval = 'api-approved.kubernetes.io';

export interface DefinitionRules {
  /** Whether x-kubernetes-validations can be evaluated. */
  rulesSupported: boolean;
}

/** Clients may leave out whatever the types promise. */
function given(definition: Readonly<Definition>): Partial<Definition['spec']> {
  return (definition.spec as Definition['spec'] | undefined) ?? {};
}

export function validateDefinition(definition: Definition, rules: DefinitionRules): FieldError[] {
  const name = definition.metadata?.name ?? '';
  const { names, group = '' } = given(definition);
  const errors: FieldError[] = [];
  if (name !== `${names?.plural ?? ''}.${group}`)
    errors.push(invalidValue(path('metadata', 'name'), name, 'must be spec.names.plural+"."+spec.group'));
  return [
    ...errors,
    ...validateSpec(definition, rules),
    ...storedVersions(definition),
    ...validateApproval(definition),
  ];
}

export function validateDefinitionUpdate(
  definition: Definition,
  old: Readonly<Definition>,
  rules: DefinitionRules,
): FieldError[] {
  const errors = [...validateSpec(definition, rules), ...storedVersions(definition)];
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
  ];
}

function storedVersions(definition: Definition): FieldError[] {
  const at = path('status', 'storedVersions');
  const stored = definition.status?.storedVersions ?? [];
  if (stored.length === 0) return [invalidValue(at, stored, 'must have at least one stored version')];
  const versions = definition.spec?.versions ?? [];
  const storage = versions.find((version) => version.storage)?.name;
  const errors: FieldError[] = [];
  if (storage !== undefined && !stored.includes(storage))
    errors.push(invalidValue(at, stored, `must have the storage version ${storage}`));
  for (const [index, name] of stored.entries())
    if (!versions.some((version) => version.name === name))
      errors.push(
        invalidValue(
          at.index(index),
          name,
          `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
        ),
      );
  return errors;
}

/** Groups of the Kubernetes project need its approval. */
function validateApproval(definition: Definition): FieldError[] {
  const group = definition.spec?.group ?? '';
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(group)) return [];
  const at = path('metadata', 'annotations').key(approval);
  const value = definition.metadata?.annotations?.[approval] ?? '';
  if (value === '')
    return [
      required(
        at,
        `protected groups must have approval annotation "${approval}", see https://github.com/kubernetes/enhancements/pull/1111`,
      ),
    ];
  if (value.startsWith('unapproved') || URL.canParse(value)) return [];
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

function validateSpec(definition: Definition, rules: DefinitionRules): FieldError[] {
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
  for (const [index, version] of versions.entries()) errors.push(...validateVersion(version, list.index(index), rules));
  if (new Set(versions.map((version) => version.name)).size < versions.length)
    errors.push(invalidValue(list, versions, 'must contain unique version names'));
  if (versions.filter((version) => version.storage).length !== 1)
    errors.push(invalidValue(list, versions, 'must have exactly one version marked as storage version'));
  errors.push(...validateNames(names));
  if (preserveUnknownFields === true)
    errors.push(
      invalidValue(
        spec.child('preserveUnknownFields'),
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    );
  return [...errors, ...validateConversion(conversion)];
}

function validateNames(names: Names | undefined): FieldError[] {
  const at = spec.child('names');
  const errors: FieldError[] = [];
  for (const field of ['plural', 'singular', 'kind', 'listKind'] as const)
    if (!names?.[field]) errors.push(required(at.child(field), ''));
  for (const field of ['plural', 'singular'] as const) {
    const value = names?.[field];
    if (value) errors.push(...named(at.child(field), value, dns1035Label(value)));
  }
  for (const field of ['kind', 'listKind'] as const) {
    const value = names?.[field];
    const before = 'may have mixed case, but should otherwise match: ';
    if (value) errors.push(...named(at.child(field), value, dns1035Label(value.toLowerCase()), before));
  }
  for (const field of ['shortNames', 'categories'] as const)
    for (const [index, value] of (names?.[field] ?? []).entries())
      errors.push(...named(at.child(field).index(index), value, dns1035Label(value)));
  if (names?.kind && names.kind === names.listKind)
    errors.push(invalidValue(at.child('listKind'), names.listKind, 'kind and listKind may not be the same'));
  return errors;
}

function validateVersion(version: Partial<Version>, at: FieldPath, { rulesSupported }: DefinitionRules): FieldError[] {
  const { name = '', deprecated, deprecationWarning, subresources } = version;
  const schema = version.schema?.openAPIV3Schema;
  const errors = named(at.child('name'), name, dns1035Label(name));
  if (deprecationWarning !== undefined) {
    const place = at.child('deprecationWarning');
    const say = (detail: string): void => void errors.push(invalidValue(place, deprecationWarning, detail));
    if (deprecated !== true) say('can only be set for deprecated versions');
    else if (deprecationWarning === '') say('must not be an empty string');
    else if (deprecationWarning.length > 256) say('must be <= 256 characters long');
  }
  if (schema !== undefined) {
    const statusEnabled = subresources?.status !== undefined;
    errors.push(...validateSchema(schema, at.child('schema', 'openAPIV3Schema'), { statusEnabled, rulesSupported }));
  }
  if (subresources?.scale !== undefined)
    errors.push(...validateScale(subresources.scale, at.child('subresources', 'scale')));
  for (const [index, column] of (version.additionalPrinterColumns ?? []).entries()) {
    const place = at.child('additionalPrinterColumns').index(index);
    if (!column.name) errors.push(required(place.child('name'), ''));
    if (!column.type) errors.push(required(place.child('type'), `must be one of ${columnTypes.join(',')}`));
    else if (!columnTypes.includes(column.type))
      errors.push(invalidValue(place.child('type'), column.type, `must be one of ${columnTypes.join(',')}`));
    if (column.format && !columnFormats.includes(column.format))
      errors.push(invalidValue(place.child('format'), column.format, `must be one of ${columnFormats.join(',')}`));
    if (!column.jsonPath) errors.push(required(place.child('JSONPath'), ''));
    else errors.push(...simplePath(column.jsonPath, place.child('JSONPath')));
  }
  return [...errors, ...validateSelectable(version, schema, at.child('selectableFields'))];
}

function simplePath(text: string, at: FieldPath): FieldError[] {
  return text.startsWith('.') ? [] : [invalidValue(at, text, 'must be a simple json path starting with .')];
}

function validateScale(scale: ScaleSubresource, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const [field, root] of [
    ['specReplicasPath', '.spec.'],
    ['statusReplicasPath', '.status.'],
  ] as const) {
    const text = scale[field];
    const place = at.child(field);
    if (!text) errors.push(required(place, ''));
    else if (!text.startsWith('.')) errors.push(...simplePath(text, place));
    else if (!text.startsWith(root))
      errors.push(invalidValue(place, text, `should be a json path under ${root.slice(0, -1)}`));
  }
  const selector = scale.labelSelectorPath;
  if (selector) {
    const place = at.child('labelSelectorPath');
    if (!selector.startsWith('.')) errors.push(...simplePath(selector, place));
    else if (!/^\.(?:spec|status)\./.test(selector))
      errors.push(invalidValue(place, selector, 'should be a json path under either .spec or .status'));
  }
  return errors;
}

function validateSelectable(version: Partial<Version>, schema: Structural | undefined, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { jsonPath = '' }] of (version.selectableFields ?? []).entries()) {
    const place = at.index(index).child('jsonPath');
    if (jsonPath === '') {
      errors.push(required(place, ''));
      continue;
    }
    const names = jsonPath.replace(/^\./, '').split('.');
    let found = schema;
    for (const name of names) found = found?.properties?.[name];
    if (!jsonPath.startsWith('.') || found === undefined) {
      const detail = jsonPath.startsWith('.') ? 'does not refer to a valid field' : 'must start with .';
      errors.push(invalidValue(place, jsonPath, `is an invalid path: ${detail}`));
      continue;
    }
    if (names[0] === 'metadata') errors.push(invalidValue(place, jsonPath, 'must not point to fields in metadata'));
    if (!['string', 'boolean', 'integer'].includes(found.type ?? ''))
      errors.push(
        invalidValue(
          place,
          jsonPath,
          'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
        ),
      );
    if (seen.has(jsonPath)) errors.push(duplicate(place, jsonPath));
    seen.add(jsonPath);
  }
  if (seen.size > maxSelectableFields) errors.push(tooMany(at, seen.size, maxSelectableFields));
  return errors;
}

function validateConversion(conversion: Definition['spec']['conversion']): FieldError[] {
  if (conversion === undefined) return [];
  const at = spec.child('conversion');
  const { strategy, webhook } = conversion;
  if (!strategy) return [required(at.child('strategy'), '')];
  if (!['None', 'Webhook'].includes(strategy))
    return [notSupported(at.child('strategy'), strategy, ['None', 'Webhook'])];
  const client = at.child('webhookClientConfig');
  const config = webhook?.clientConfig;
  const reviews = webhook?.conversionReviewVersions ?? [];
  const reviewsAt = at.child('conversionReviewVersions');
  if (strategy === 'None') {
    const detail = 'should not be set when strategy is not set to Webhook';
    return [
      ...(config === undefined ? [] : [forbiddenField(client, detail)]),
      ...(reviews.length === 0 ? [] : [forbiddenField(reviewsAt, detail)]),
    ];
  }
  const errors: FieldError[] = [];
  if (config === undefined) errors.push(required(client, 'required when strategy is set to Webhook'));
  else if ((config.url === undefined) === (config.service === undefined))
    errors.push(required(client, 'exactly one of url or service is required'));
  if (reviews.length === 0) errors.push(required(reviewsAt, ''));
  else if (!reviews.some((version) => version === 'v1' || version === 'v1beta1'))
    errors.push(invalidValue(reviewsAt, reviews, 'must include at least one of v1, v1beta1'));
  return errors;
}
