import { deepCopy } from '@typernetes/openapi/schema';
import type { Container, Pod, PodSpec, Toleration } from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import { forbiddenField, invalidValue, path, required, semanticEqual } from '../../validation/index.ts';
import { internalTerm } from './internal-shape.ts';
import { validateTolerations } from './validate-scheduling.ts';

const spec = path('spec');

/** The few things of a running pod that may change. */
const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
];

export function validatePodSpecUpdate(pod: Pod, old: Readonly<Pod>): FieldError[] {
  if (!pod.spec || !old.spec) return [];
  const errors: FieldError[] = [];
  for (const field of ['containers', 'initContainers'] as const) {
    const found = validateImages(pod.spec[field] ?? [], old.spec[field] ?? [], spec.child(field));
    errors.push(...found.errors);
    if (found.stop) return errors;
  }
  const deadline = pod.spec.activeDeadlineSeconds;
  const oldDeadline = old.spec.activeDeadlineSeconds;
  const at = spec.child('activeDeadlineSeconds');
  if (deadline != null) {
    if (deadline < 0 || deadline > 2147483647) {
      return [...errors, invalidValue(at, deadline, 'must be between 0 and 2147483647, inclusive')];
    }
    if (oldDeadline != null && oldDeadline < deadline) {
      return [...errors, invalidValue(at, deadline, 'must be less than or equal to previous value')];
    }
  } else if (oldDeadline != null) {
    errors.push(invalidValue(at, null, 'must not update from a positive integer to nil value'));
  }
  errors.push(
    ...validateAddedTolerations(pod.spec.tolerations ?? [], old.spec.tolerations ?? [], spec.child('tolerations')),
  );
  errors.push(...validateDeletedGates(pod.spec, old.spec));

  const munged = deepCopy(pod.spec);
  for (const field of ['containers', 'initContainers'] as const) {
    for (const [index, container] of (munged[field] ?? []).entries()) {
      const image = old.spec[field]?.[index]?.image;
      if (image === undefined) delete container.image;
      else container.image = image;
    }
  }
  keep(munged, old.spec, 'activeDeadlineSeconds', 'schedulingGates', 'tolerations');
  if ((old.spec.terminationGracePeriodSeconds ?? 0) < 0 && munged.terminationGracePeriodSeconds === 1) {
    keep(munged, old.spec, 'terminationGracePeriodSeconds');
  }
  // A pod that waits at a scheduling gate may still be narrowed down (KEP-3838).
  if ((old.spec.schedulingGates ?? []).length > 0) errors.push(...narrowGatedPod(munged, old.spec));
  if (!semanticEqual(munged, old.spec)) {
    errors.push(
      forbiddenField(
        spec,
        `pod updates may not change fields other than ${UPDATABLE.join(',')}\n${difference(old.spec, munged)}`,
      ),
    );
  }
  return errors;
}

function keep(target: PodSpec, source: Readonly<PodSpec>, ...fields: (keyof PodSpec)[]): void {
  for (const field of fields) {
    if (source[field] === undefined) delete target[field];
    else Object.assign(target, { [field]: source[field] });
  }
}

function validateImages(
  containers: readonly Container[],
  old: readonly Container[],
  at: Path,
): { errors: FieldError[]; stop: boolean } {
  if (containers.length !== old.length) {
    return { errors: [forbiddenField(at, 'pod updates may not add or remove containers')], stop: true };
  }
  const errors = containers.flatMap(({ image }, index) => {
    const here = at.index(index).child('image');
    if (!image) return [required(here, '')];
    return image.trim() === image ? [] : [invalidValue(here, image, 'must not have leading or trailing whitespace')];
  });
  return { errors, stop: false };
}

function validateAddedTolerations(
  tolerations: readonly Toleration[],
  old: readonly Toleration[],
  at: Path,
): FieldError[] {
  const identity = ({ key = '', operator = '', value = '', effect = '' }: Toleration): string =>
    JSON.stringify([key, operator, value, effect]);
  const known = new Set(tolerations.map(identity));
  if (!old.every((before) => known.has(identity(before))))
    return [forbiddenField(at, 'existing toleration can not be modified except its tolerationSeconds')];
  return validateTolerations(tolerations, at);
}

function validateDeletedGates(next: PodSpec, old: Readonly<PodSpec>): FieldError[] {
  const before = new Set((old.schedulingGates ?? []).map((gate) => gate.name));
  return (next.schedulingGates ?? []).flatMap((gate, index) => {
    if (before.has(gate.name)) return [];
    const here = spec.child('schedulingGates').index(index).child('name');
    return [forbiddenField(here, `only deletion is allowed, but found new scheduling gate '${gate.name}'`)];
  });
}

function narrowGatedPod(munged: PodSpec, old: Readonly<PodSpec>): FieldError[] {
  const errors: FieldError[] = [];
  const selector = munged.nodeSelector ?? {};
  const lost = Object.entries(old.nodeSelector ?? {}).some(([key, value]) => selector[key] !== value);
  if (lost)
    errors.push(
      invalidValue(
        spec.child('nodeSelector'),
        munged.nodeSelector,
        'only additions to spec.nodeSelector are allowed (no mutations or deletions)',
      ),
    );
  keep(munged, old, 'nodeSelector');

  const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
  const oldTerms = old.affinity?.nodeAffinity?.[hard]?.nodeSelectorTerms;
  const terms = munged.affinity?.nodeAffinity?.[hard]?.nodeSelectorTerms;
  const at = spec.child('affinity', 'nodeAffinity', hard, 'nodeSelectorTerms');
  if (oldTerms && oldTerms.length > 0) {
    if (terms?.length !== oldTerms.length) {
      errors.push(
        invalidValue(
          at,
          terms?.map(internalTerm) ?? null,
          'no additions/deletions to non-empty NodeSelectorTerms list are allowed',
        ),
      );
    } else {
      for (const [index, before] of oldTerms.entries()) {
        const after = terms[index];
        const onlyAdditions = (['matchExpressions', 'matchFields'] as const).every((field) => {
          const earlier = before[field] ?? [];
          return semanticEqual((after?.[field] ?? []).slice(0, earlier.length), earlier);
        });
        const wasEmpty = (before.matchExpressions ?? []).length + (before.matchFields ?? []).length === 0;
        if (onlyAdditions && !(wasEmpty && !semanticEqual(before, after))) continue;
        errors.push(
          invalidValue(
            at.index(index),
            after && internalTerm(after),
            'only additions are allowed (no mutations or deletions)',
          ),
        );
      }
    }
  }
  if (munged.affinity) {
    if (old.affinity?.nodeAffinity) munged.affinity.nodeAffinity = deepCopy(old.affinity.nodeAffinity);
    else delete munged.affinity.nodeAffinity;
  } else if (old.affinity?.nodeAffinity) {
    munged.affinity = { nodeAffinity: deepCopy(old.affinity.nodeAffinity) };
  }
  return errors;
}

/** Which fields differ, one line each, for people who read the message. */
function difference(old: object, next: object): string {
  const before = new Map<string, unknown>(Object.entries(old));
  const after = new Map<string, unknown>(Object.entries(next));
  const lines: string[] = [];
  for (const field of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    if (semanticEqual(before.get(field), after.get(field))) continue;
    lines.push(
      `- ${field}: ${JSON.stringify(before.get(field)) ?? 'null'}`,
      `+ ${field}: ${JSON.stringify(after.get(field)) ?? 'null'}`,
    );
  }
  return lines.join('\n');
}

/** Ephemeral containers are only ever added. */
export function validateEphemeralContainersUpdate(pod: Pod, old: Readonly<Pod>): FieldError[] {
  if (isMirrorPod(old)) return [forbiddenField(path('[]'), 'static pods do not support ephemeral containers')];
  const at = spec.child('ephemeralContainers');
  const after = new Map((pod.spec?.ephemeralContainers ?? []).map((container) => [container.name, container]));
  return (old.spec?.ephemeralContainers ?? []).flatMap((container) => {
    const next = after.get(container.name);
    const name = JSON.stringify(container.name);
    if (!next) return [forbiddenField(at, `existing ephemeral containers ${name} may not be removed\n`)];
    if (semanticEqual(next, container)) return [];
    return [
      forbiddenField(at, `existing ephemeral containers ${name} may not be changed\n${difference(container, next)}`),
    ];
  });
}

export function isMirrorPod(pod: Readonly<Pod>): boolean {
  return pod.metadata?.annotations?.['kubernetes.io/config.mirror'] !== undefined;
}
