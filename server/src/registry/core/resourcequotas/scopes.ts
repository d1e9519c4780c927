/** Which pods and claims a quota counts. */
import type { ResourceQuotaSpec, ScopedResourceSelectorRequirement } from '@typernetes/openapi/types/core/v1';
import { type FieldError, invalidValue, type Path, required } from '../../validation/index.ts';

const ofPods: ReadonlySet<string> = new Set([
  'pods',
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
]);

/** What a quota of each scope may limit. */
const scopes: Readonly<Record<string, ReadonlySet<string>>> = {
  Terminating: ofPods,
  NotTerminating: ofPods,
  BestEffort: new Set(['pods']),
  NotBestEffort: ofPods,
  PriorityClass: ofPods,
  CrossNamespacePodAffinity: ofPods,
  VolumeAttributesClass: new Set(['persistentvolumeclaims', 'requests.storage']),
};

const opposites = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

/** Scopes that take no values. */
const plain = new Set(['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'CrossNamespacePodAffinity']);

/** `resources`: the names of what the quota limits, as far as they are names of Kubernetes' own. */
export function validateScopes(given: readonly string[], resources: readonly string[], at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const scope of given) {
    if (scopes[scope] === undefined) errors.push(invalidValue(at, given, 'unsupported scope'));
    errors.push(...misfits(scope, resources).map(() => invalidValue(at, given, misfit)));
  }
  return [...errors, ...conflicts(given, given, at)];
}

const misfit = 'unsupported scope applied to resource';

function misfits(scope: string, resources: readonly string[]): readonly string[] {
  const fitting = scopes[scope];
  return fitting === undefined ? [] : resources.filter((resource) => !fitting.has(resource));
}

function conflicts(given: readonly string[], shown: readonly string[] | null, at: Path): FieldError[] {
  return opposites
    .filter((pair) => pair.every((scope) => given.includes(scope)))
    .map(() => invalidValue(at, shown, 'conflicting scopes'));
}

export function validateScopeSelector(
  spec: ResourceQuotaSpec | undefined,
  resources: readonly string[],
  at: Path,
): FieldError[] {
  if (spec?.scopeSelector == null) return [];
  const here = at.child('scopeSelector', 'matchExpressions');
  const requirements = spec.scopeSelector.matchExpressions ?? [];
  const errors = requirements.flatMap((requirement) => [
    ...(scopes[requirement.scopeName] === undefined
      ? [invalidValue(here.child('scopeName'), requirement.scopeName, 'unsupported scope')]
      : misfits(requirement.scopeName, resources).map(() => invalidValue(here, spec.scopeSelector, misfit))),
    ...validateOperator(requirement, here),
  ]);
  const names = requirements.map(({ scopeName }) => scopeName);
  return [...errors, ...conflicts(names, spec.scopes ?? null, at.child('scopeSelector', 'scopes'))];
}

function validateOperator(
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  if (plain.has(scopeName) && operator !== 'Exists') {
    const message =
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
      'ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity';
    errors.push(invalidValue(at.child('operator'), operator, message));
  }
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0) {
        const message = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
        errors.push(required(at.child('values'), message));
      }
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const message = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
        errors.push(invalidValue(at.child('values'), values, message));
      }
      break;
    default:
      errors.push(invalidValue(at.child('operator'), operator, 'not a valid selector operator'));
  }
  return errors;
}
