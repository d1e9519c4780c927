/** The selector and template that Deployments and ReplicaSets have, as upstream checks them. */
import type { PodTemplateSpec } from '@typernetes/openapi/types/core/v1';
import { validateLongRunningTemplate, validatePodTemplate, validateWorkloadSelector } from '../../core/pod/template.ts';
import type { LabelSelectorLike } from '../../printing/selectors.ts';
import { type FieldError, path } from '../../validation/index.ts';

const selectorAt = path('spec', 'selector');
const templateAt = path('spec', 'template');

export const validateReplicaTemplate = (
  selector: LabelSelectorLike | undefined,
  template: PodTemplateSpec | undefined,
): FieldError[] =>
  validateWorkloadSelector(selector, template, {
    kind: 'deployment',
    selectorAt,
    templateAt,
    ofTemplate: () => [
      ...validatePodTemplate(template, templateAt),
      ...validateLongRunningTemplate(template, 'ReplicaSet', templateAt),
    ],
  });
