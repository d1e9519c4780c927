import type {
  Affinity,
  NodeSelector,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '@typernetes/openapi/types/core/v1';
import type { LabelSelectorLike } from '../../printing/selectors.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  forbiddenField,
  invalidValue,
  labelValue,
  notSupported,
  optionalOneOf,
  qualifiedName,
  required,
  validateLabelSelector,
} from '../../validation/index.ts';

export const TAINT_EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateTolerations(tolerations: readonly Toleration[] | undefined, at: Path): FieldError[] {
  return (tolerations ?? []).flatMap((toleration, index) => {
    const here = at.index(index);
    const operator = toleration.operator ?? '';
    const errors: FieldError[] = [];
    if (toleration.key) errors.push(...checked(here.child('key'), toleration.key, qualifiedName(toleration.key)));
    else if (operator !== 'Exists') {
      const message = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalidValue(here.child('operator'), operator, message));
    }
    if (toleration.tolerationSeconds != null && toleration.effect !== 'NoExecute') {
      errors.push(
        invalidValue(
          here.child('effect'),
          toleration.effect ?? '',
          "effect must be 'NoExecute' when `tolerationSeconds` is set",
        ),
      );
    }
    switch (operator) {
      case '':
      case 'Equal': {
        const messages = labelValue(toleration.value ?? '');
        if (messages.length > 0)
          errors.push(invalidValue(here.child('operator'), toleration.value, messages.join(';')));
        break;
      }
      case 'Exists':
        if (toleration.value) {
          errors.push(
            invalidValue(here.child('operator'), toleration.value, "value must be empty when `operator` is 'Exists'"),
          );
        }
        break;
      case 'Lt':
      case 'Gt':
        errors.push(notSupported(here.child('operator'), operator, ['Equal', 'Exists', 'Lt', 'Gt']));
        break;
      default:
        errors.push(notSupported(here.child('operator'), operator, ['Equal', 'Exists']));
    }
    return [...errors, ...optionalOneOf(here.child('effect'), toleration.effect, TAINT_EFFECTS)];
  });
}

export function validateAffinity(affinity: Affinity | undefined, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  const node = affinity?.nodeAffinity;
  if (node) {
    const here = at.child('nodeAffinity');
    const hard = node.requiredDuringSchedulingIgnoredDuringExecution;
    if (hard) errors.push(...validateNodeSelector(hard, here.child('requiredDuringSchedulingIgnoredDuringExecution')));
    for (const [index, term] of (node.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
      const place = here.child('preferredDuringSchedulingIgnoredDuringExecution').index(index);
      errors.push(
        ...validateWeight(term.weight, place),
        ...validateNodeTerm(term.preference, place.child('preference'), false),
      );
    }
  }
  if (affinity?.podAffinity) errors.push(...validatePodAffinity(affinity.podAffinity, at.child('podAffinity')));
  if (affinity?.podAntiAffinity)
    errors.push(...validatePodAffinity(affinity.podAntiAffinity, at.child('podAntiAffinity')));
  return errors;
}

export function validateNodeSelector(selector: NodeSelector, at: Path): FieldError[] {
  const terms = selector.nodeSelectorTerms ?? [];
  const here = at.child('nodeSelectorTerms');
  if (terms.length === 0) return [required(here, 'must have at least one node selector term')];
  return terms.flatMap((term, index) => validateNodeTerm(term, here.index(index), true));
}

function validateNodeTerm(term: NodeSelectorTerm | undefined, at: Path, checkValues: boolean): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, { key, operator, values = [] }] of (term?.matchExpressions ?? []).entries()) {
    const here = at.child('matchExpressions').index(index);
    switch (operator) {
      case 'In':
      case 'NotIn':
        if (values.length === 0)
          errors.push(required(here.child('values'), "must be specified when `operator` is 'In' or 'NotIn'"));
        break;
      case 'Exists':
      case 'DoesNotExist':
        if (values.length > 0) {
          errors.push(
            forbiddenField(here.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
          );
        }
        break;
      case 'Gt':
      case 'Lt':
        if (values.length !== 1) {
          errors.push(required(here.child('values'), "must be specified single value when `operator` is 'Lt' or 'Gt'"));
        }
        break;
      default:
        errors.push(invalidValue(here.child('operator'), operator, 'not a valid selector operator'));
    }
    errors.push(...checked(here.child('key'), key, qualifiedName(key ?? '')));
    if (!checkValues) continue;
    for (const [position, value] of values.entries()) {
      errors.push(...checked(here.child('values').index(position), value, labelValue(value)));
    }
  }
  for (const [index, { key, operator, values = [] }] of (term?.matchFields ?? []).entries()) {
    const here = at.child('matchFields').index(index);
    if (operator !== 'In' && operator !== 'NotIn') {
      errors.push(invalidValue(here.child('operator'), operator, 'not a valid selector operator'));
    } else if (values.length !== 1) {
      const message = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
      errors.push(required(here.child('values'), message));
    }
    if (key !== 'metadata.name') {
      errors.push(invalidValue(here.child('key'), key, 'not a valid field selector key'));
      continue;
    }
    for (const [position, value] of values.entries()) {
      errors.push(...checked(here.child('values').index(position), value, dns1123Subdomain(value)));
    }
  }
  return errors;
}

function validateWeight(weight: number | undefined, at: Path): FieldError[] {
  const value = weight ?? 0;
  return value <= 0 || value > 100 ? [invalidValue(at.child('weight'), value, 'must be in the range 1-100')] : [];
}

function validatePodAffinity(affinity: PodAffinity, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, term] of (affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    errors.push(...validatePodTerm(term, at.child('requiredDuringSchedulingIgnoredDuringExecution').index(index)));
  }
  for (const [index, weighted] of (affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).entries()) {
    const here = at.child('preferredDuringSchedulingIgnoredDuringExecution').index(index);
    errors.push(
      ...validateWeight(weighted.weight, here),
      ...validatePodTerm(weighted.podAffinityTerm, here.child('podAffinityTerm')),
    );
  }
  return errors;
}

function validatePodTerm(term: PodAffinityTerm, at: Path): FieldError[] {
  const errors = [
    ...validateLabelSelector(term.labelSelector, at.child('labelSelector')),
    ...validateLabelSelector(term.namespaceSelector, at.child('namespaceSelector')),
  ];
  for (const name of term.namespaces ?? []) errors.push(...checked(at.child('namespace'), name, dns1123Label(name)));
  errors.push(...validateMatchKeys(term, at));
  if (!term.topologyKey) errors.push(required(at.child('topologyKey'), 'can not be empty'));
  return [
    ...errors,
    ...checked(at.child('topologyKey'), term.topologyKey ?? '', qualifiedName(term.topologyKey ?? '')),
  ];
}

/** Keys whose values are taken from the pod's own labels (KEP-3633): by now they are in the selector, once each. */
function validateMatchKeys(term: PodAffinityTerm | TopologySpreadConstraint, at: Path): FieldError[] {
  const { matchLabelKeys = [], labelSelector } = term;
  const mismatchLabelKeys = 'mismatchLabelKeys' in term ? (term.mismatchLabelKeys ?? []) : [];
  const errors = [
    ...validateLabelKeys(matchLabelKeys, labelSelector, at.child('matchLabelKeys')),
    ...validateLabelKeys(mismatchLabelKeys, labelSelector, at.child('mismatchLabelKeys')),
  ];
  const known = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const index = matchLabelKeys.lastIndexOf(key);
    if (index >= 0 && known.has(key))
      errors.push(invalidValue(at.index(index), key, 'exists in both matchLabelKeys and labelSelector'));
    known.add(key);
  }
  for (const [index, key] of matchLabelKeys.entries()) {
    if (!mismatchLabelKeys.includes(key)) continue;
    const message = 'exists in both matchLabelKeys and mismatchLabelKeys';
    errors.push(invalidValue(at.child('matchLabelKeys').index(index), key, message));
  }
  return errors;
}

function validateLabelKeys(keys: readonly string[], selector: LabelSelectorLike | undefined, at: Path): FieldError[] {
  if (keys.length === 0) return [];
  if (selector === undefined) return [forbiddenField(at, 'must not be specified when labelSelector is not set')];
  return keys.flatMap((key, index) => checked(at.index(index), key, qualifiedName(key)));
}

export function validateSpread(constraints: readonly TopologySpreadConstraint[] | undefined, at: Path): FieldError[] {
  const identity = (constraint: TopologySpreadConstraint): string =>
    JSON.stringify([constraint.topologyKey, constraint.whenUnsatisfiable]);
  const last = new Map((constraints ?? []).map((constraint, index) => [identity(constraint), index]));
  return (constraints ?? []).flatMap((constraint, index) => {
    const here = at.index(index);
    const errors: FieldError[] = [];
    const { topologyKey, whenUnsatisfiable, minDomains } = constraint;
    const maxSkew = constraint.maxSkew ?? 0;
    if (maxSkew <= 0) errors.push(invalidValue(here.child('maxSkew'), maxSkew, 'must be greater than zero'));
    if (!topologyKey) errors.push(required(here.child('topologyKey'), 'can not be empty'));
    const actions = ['DoNotSchedule', 'ScheduleAnyway'];
    if (!actions.includes(whenUnsatisfiable))
      errors.push(notSupported(here.child('whenUnsatisfiable'), whenUnsatisfiable ?? '', actions));
    errors.push(...validateMatchKeys(constraint, here));
    if (last.get(identity(constraint)) !== index)
      errors.push(duplicate(here.child('{topologyKey, whenUnsatisfiable}'), `{${topologyKey}, ${whenUnsatisfiable}}`));
    if (minDomains != null) {
      if (minDomains <= 0) errors.push(invalidValue(here.child('minDomains'), minDomains, 'must be greater than zero'));
      if (whenUnsatisfiable !== 'DoNotSchedule') {
        const message = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`;
        errors.push(invalidValue(here.child('minDomains'), minDomains, message));
      }
    }
    errors.push(
      ...optionalOneOf(here.child('nodeAffinityPolicy'), constraint.nodeAffinityPolicy, ['Honor', 'Ignore']),
      ...optionalOneOf(here.child('nodeTaintsPolicy'), constraint.nodeTaintsPolicy, ['Honor', 'Ignore']),
      ...validateLabelSelector(constraint.labelSelector, here.child('labelSelector')),
    );
    return errors;
  });
}
