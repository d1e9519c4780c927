/** The metadata of a template that something is made from: what is not for the template to say is forbidden. */
import type { ObjectMeta } from '@typernetes/openapi/types/meta/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import { forbiddenField, validateAnnotations, validateLabels } from '../../validation/index.ts';

/** In upstream's order. */
const forbidden = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'ownerReferences',
  'finalizers',
  'managedFields',
] as const satisfies readonly (keyof ObjectMeta)[];

export const validateTemplateObjectMeta = (metadata: ObjectMeta = {}, at: Path): FieldError[] => [
  ...validateAnnotations(metadata.annotations, at.child('annotations')),
  ...validateLabels(metadata.labels, at.child('labels')),
  ...forbidden
    .filter((field) => Boolean(metadata[field]))
    // Upstream makes the name of the field out of Go's.
    .map((field) => forbiddenField(at.child(field === 'uid' ? 'uID' : field), 'cannot be set')),
];
