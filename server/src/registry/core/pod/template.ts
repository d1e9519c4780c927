/**
 * Everything that workloads share about their pod template: its defaults, its rules, and the check that the workload's
 * selector finds the pods made from it.
 */
import type { PodTemplateSpec } from '@typernetes/openapi/types/core/v1';
import type { LabelSelectorLike } from '../../printing/selectors.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  forbiddenField,
  invalidValue,
  isEmptySelector,
  isValidSelector,
  notSupported,
  printedSelector,
  required,
  selectorMatches,
  validateAnnotations,
  validateLabelSelector,
  validateLabels,
} from '../../validation/index.ts';
import { validateAnnotatedProfiles, validatePodAnnotations } from './annotations.ts';
import { validatePodSpec } from './validate-spec.ts';

export { defaultPodTemplate } from './defaults.ts';

/** Upstream leaves `metadata` out of these paths. */
export function validateTemplateMetadata(template: PodTemplateSpec | undefined, at: Path): FieldError[] {
  return [
    ...validateLabels(template?.metadata?.labels, at.child('labels')),
    ...validateAnnotations(template?.metadata?.annotations, at.child('annotations')),
  ];
}

export function validatePodTemplate(template: PodTemplateSpec | undefined, at: Path): FieldError[] {
  if (!template) return [required(at, '')];
  const errors = [
    ...validateTemplateMetadata(template, at),
    ...validatePodAnnotations(template.metadata?.annotations, template.spec, at.child('annotations')),
    ...validatePodSpec(template.spec, at.child('spec'), { isPod: false }),
    ...validateAnnotatedProfiles(template.metadata?.annotations, template.spec, at.child('spec')),
  ];
  if ((template.spec?.ephemeralContainers ?? []).length > 0) {
    errors.push(
      forbiddenField(at.child('spec', 'ephemeralContainers'), 'ephemeral containers not allowed in pod template'),
    );
  }
  return errors;
}

/** A template whose pods are replaced when they end: always restarted, without a deadline. `kind` is for the message. */
export function validateLongRunningTemplate(
  template: PodTemplateSpec | undefined,
  kind: string,
  at: Path,
): FieldError[] {
  const errors: FieldError[] = [];
  const restartPolicy = template?.spec?.restartPolicy;
  if (template && restartPolicy !== 'Always') {
    errors.push(notSupported(at.child('spec', 'restartPolicy'), restartPolicy ?? '', ['Always']));
  }
  if (template?.spec?.activeDeadlineSeconds != null) {
    const message = `activeDeadlineSeconds in ${kind} is not Supported`;
    errors.push(forbiddenField(at.child('spec', 'activeDeadlineSeconds'), message));
  }
  return errors;
}

export function validateSelectsTemplate(
  selector: LabelSelectorLike | undefined,
  template: PodTemplateSpec | undefined,
  at: Path,
): FieldError[] {
  // No selector finds nothing, an empty one everything; of one that is wrong only that is said.
  return selectorMatches(selector, template?.metadata?.labels) === false ? [notSelected(template, at)] : [];
}

/** The selector of ReplicationControllers, whose form nobody checks. */
export function validateLabelsInTemplate(
  selector: Readonly<Record<string, string>>,
  template: PodTemplateSpec | undefined,
  at: Path,
): FieldError[] {
  const labels = new Map(Object.entries(template?.metadata?.labels ?? {}));
  const matches = Object.entries(selector).every(([key, value]) => labels.get(key) === value);
  return matches ? [] : [notSelected(template, at)];
}

const notSelected = (template: PodTemplateSpec | undefined, at: Path): FieldError =>
  invalidValue(
    at.child('metadata', 'labels'),
    template?.metadata?.labels ?? null,
    '`selector` does not match template `labels`',
  );

/**
 * A workload's own selector — there, well-formed and not empty — and its template, which is looked at only where the
 * selector can be understood. `kind` in lower case, for the message.
 */
export function validateWorkloadSelector(
  selector: LabelSelectorLike | undefined,
  template: PodTemplateSpec | undefined,
  { kind, selectorAt, templateAt, ofTemplate }: WorkloadSelectorRules,
): FieldError[] {
  const errors = selector ? validateLabelSelector(selector, selectorAt) : [required(selectorAt, '')];
  if (selector && isEmptySelector(selector))
    errors.push(invalidValue(selectorAt, selector, `empty selector is invalid for ${kind}`));
  if (selector && !isValidSelector(selector)) {
    const message = kind === 'statefulset' ? '' : 'invalid label selector';
    return [...errors, invalidValue(selectorAt, printedSelector(selector), message)];
  }
  return [...errors, ...validateSelectsTemplate(selector, template, templateAt), ...ofTemplate()];
}

interface WorkloadSelectorRules {
  kind: 'deployment' | 'statefulset';
  selectorAt: Path;
  templateAt: Path;
  /** What else is wrong with the template. */
  ofTemplate: () => FieldError[];
}
