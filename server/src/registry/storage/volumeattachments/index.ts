import type { VolumeAttachment } from '@typernetes/openapi/types/storage/v1';
import { validateInlineVolumeSpec } from '../../core/persistentvolumes/validate.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, boolean, nameColumn, named, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  checked,
  dns1123Subdomain,
  forbiddenField,
  immutable,
  invalidValue,
  path,
  required,
  tooLong,
} from '../../validation/index.ts';
import { validateDriverName } from '../driver-name.ts';

const spec = path('spec');

function validateAttachment(object: VolumeAttachment): FieldError[] {
  const { attacher, source } = object.spec ?? {};
  const nodeName = object.spec?.nodeName ?? '';
  const errors = validateDriverName(attacher, spec.child('attacher'));
  const at = spec.child('source');
  const message = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  const { inlineVolumeSpec, persistentVolumeName } = source ?? {};
  if (!inlineVolumeSpec && persistentVolumeName == null) errors.push(required(at, message));
  else if (inlineVolumeSpec && persistentVolumeName != null) errors.push(forbiddenField(at, message));
  else if (persistentVolumeName === '')
    errors.push(required(at.child('persistentVolumeName'), 'must specify non empty persistentVolumeName'));
  if (inlineVolumeSpec && persistentVolumeName == null)
    errors.push(...validateInlineVolumeSpec(inlineVolumeSpec, '', at.child('inlineVolumeSpec')));
  errors.push(...checked(spec.child('nodeName'), nodeName, dns1123Subdomain(nodeName)));
  if (persistentVolumeName == null) return errors;
  const volumeAt = at.child('persistentVolumeName');
  return [...errors, ...checked(volumeAt, persistentVolumeName, dns1123Subdomain(persistentVolumeName))];
}

const mostMetadata = 256 * 1024;
const longestMessage = 1024;

function validateStatus({ status }: VolumeAttachment): FieldError[] {
  const at = path('status');
  const size = Object.entries(status?.attachmentMetadata ?? {}).flat();
  const errors =
    size.reduce((sum, text) => sum + Buffer.byteLength(text), 0) > mostMetadata
      ? [tooLong(at.child('attachmentMetadata'), '', mostMetadata)]
      : [];
  for (const field of ['attachError', 'detachError'] as const) {
    const { message = '', errorCode } = status?.[field] ?? {};
    // Upstream tells of the other limit.
    if (Buffer.byteLength(message) > longestMessage) errors.push(tooLong(at.child(field, 'message'), '', mostMetadata));
    if (errorCode != null && errorCode < 0)
      errors.push(invalidValue(at.child(field, 'errorCode'), errorCode, 'must be between 0 and 2147483647, inclusive'));
  }
  return errors;
}

export const volumeattachments: ResourceRegistration<VolumeAttachment> = {
  resource: { group: 'storage.k8s.io', resource: 'volumeattachments' },
  strategy: {
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    statusKeepsMetadata: true,
    prepareForCreate(object) {
      object.status = { attached: false };
    },
    prepareForUpdate(object, old) {
      object.status = structuredClone(old.status ?? { attached: false });
    },
    validate: validateAttachment,
    validateUpdate: (object, old) => [...validateAttachment(object), ...immutable(spec, object.spec, old.spec)],
    validateStatusUpdate: (object) => [...validateAttachment(object), ...validateStatus(object)],
  },
  table: {
    columns: [nameColumn, named('Attacher'), text('PV'), text('Node'), boolean('Attached'), ageColumn],
    cells: (object, now) => [
      object.metadata?.name ?? '',
      object.spec?.attacher ?? '',
      object.spec?.source?.persistentVolumeName ?? '',
      object.spec?.nodeName ?? '',
      object.status?.attached ?? false,
      age(object, now),
    ],
  },
};
