import type { TopologySelectorLabelRequirement, TopologySelectorTerm } from '@typernetes/openapi/types/core/v1';
import type { StorageClass } from '@typernetes/openapi/types/storage/v1';
import { nodeLabelWarnings } from '../../core/node/deprecated-labels.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  duplicate,
  immutable,
  invalidValue,
  notSupported,
  optionalOneOf,
  path,
  qualifiedName,
  required,
  tooLong,
} from '../../validation/index.ts';

/** Parameters of a driver: at most 512 of them, 256 KiB together, no empty key. The same for attributes classes. */
export function validateParameters(parameters: Record<string, string> | undefined, allowEmpty: boolean): FieldError[] {
  const at = path('parameters');
  const entries = Object.entries(parameters ?? {});
  if (entries.length > 512) return [tooLong(at, '', 512)];
  const errors = entries.filter(([key]) => key === '').map(([key]) => invalidValue(at, key, 'field can not be empty.'));
  const size = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (size > 256 * 1024) errors.push(tooLong(at, '', 256 * 1024));
  if (!allowEmpty && entries.length === 0) errors.push(required(at, 'must contain at least one key/value pair'));
  return errors;
}

export function validateProvisioner(name: string | undefined, at: Path): FieldError[] {
  return name ? checked(at, name.toLowerCase(), qualifiedName(name.toLowerCase())) : [required(at, '')];
}

function validateClass(object: StorageClass): FieldError[] {
  const errors = validateProvisioner(object.provisioner, path('provisioner'));
  errors.push(...validateParameters(object.parameters, true));
  if (object.reclaimPolicy && !['Delete', 'Retain'].includes(object.reclaimPolicy)) {
    errors.push(notSupported(path('reclaimPolicy'), object.reclaimPolicy, ['Delete', 'Retain']));
  }
  return [
    ...errors,
    ...optionalOneOf(path('volumeBindingMode'), object.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer']),
    ...validateTopologies(object.allowedTopologies ?? [], path('allowedTopologies')),
  ];
}

/** Upstream tells of every pair: of many empty terms more than memory can hold. */
const maxDuplicates = 1000;

/** No key twice in a term, no value twice in an expression, no two terms that say the same, none that says nothing. */
function validateTopologies(terms: readonly TopologySelectorTerm[], at: Path): FieldError[] {
  // Upstream starts from as many empty terms as there are.
  const seen = new Map([['[]', terms.length]]);
  let told = 0;
  return terms.flatMap((term, index) => {
    const here = at.index(index).child('matchLabelExpressions');
    const expressions = term.matchLabelExpressions ?? [];
    const values = new Map<string, string[]>();
    const errors = expressions.flatMap((expression, place) => {
      const found = validateExpression(expression, here.index(place));
      const { key } = expression;
      if (values.has(key)) found.push(duplicate(here.index(place).child('key'), key));
      values.set(key, [...new Set(expression.values)].sort());
      return found;
    });
    const content = JSON.stringify([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
    const before = seen.get(content) ?? 0;
    for (let same = 0; same < before && told < maxDuplicates; same++, told++) errors.push(duplicate(here, ''));
    seen.set(content, before + 1);
    return errors;
  });
}

function validateExpression({ key, values }: TopologySelectorLabelRequirement, at: Path): FieldError[] {
  const here = at.child('values');
  const errors = (values ?? []).length === 0 ? [required(here, '')] : [];
  const seen = new Set<string>();
  for (const [index, value] of (values ?? []).entries()) {
    if (seen.has(value)) errors.push(duplicate(here.index(index), value));
    seen.add(value);
  }
  return [...errors, ...checked(at.child('key'), key, qualifiedName(key))];
}

const DEFAULT_ANNOTATIONS = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
];

function topologyWarnings({ allowedTopologies }: StorageClass): string[] {
  return (allowedTopologies ?? []).flatMap(({ matchLabelExpressions }, index) => {
    const at = path('allowedTopologies').index(index).child('matchLabelExpressions');
    return nodeLabelWarnings(
      (matchLabelExpressions ?? []).map(({ key }, place) => [key, at.index(place).child('key')]),
    );
  });
}

export const storageclasses: ResourceRegistration<StorageClass> = {
  resource: { group: 'storage.k8s.io', resource: 'storageclasses' },
  strategy: {
    hasGeneration: false,
    default(object) {
      object.reclaimPolicy ??= 'Delete';
      object.volumeBindingMode ??= 'Immediate';
    },
    warningsOnCreate: topologyWarnings,
    warningsOnUpdate: topologyWarnings,
    validate: validateClass,
    validateUpdate: (object, old) => [
      ...validateClass(object),
      ...(['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const).flatMap((field) =>
        immutable(path(field), object[field], old[field]),
      ),
    ],
  },
  table: {
    columns: [
      nameColumn,
      text('Provisioner'),
      text('ReclaimPolicy'),
      text('VolumeBindingMode'),
      text('AllowVolumeExpansion'),
      ageColumn,
    ],
    cells(object, now) {
      const isDefault = DEFAULT_ANNOTATIONS.some((key) => object.metadata?.annotations?.[key] === 'true');
      const name = object.metadata?.name ?? '';
      return [
        isDefault ? `${name} (default)` : name,
        object.provisioner ?? '',
        object.reclaimPolicy ?? 'Delete',
        object.volumeBindingMode ?? 'Immediate',
        object.allowVolumeExpansion ?? false,
        age(object, now),
      ];
    },
  },
};
