import { aggregateMessages, type FieldPath, fieldErrorMessage, notSupported, path } from '@typernetes/openapi/meta';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { concerns, plainError, refuse } from '../refusal.ts';
import { allContainers } from './pods.ts';

/** Off by default: no pod runs an image that its owner could not pull, even if the node has it. */
export function alwaysPullImages(): AdmissionPlugin {
  return {
    name: 'AlwaysPullImages',
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    async admit(attributes) {
      if (!concernsImages(attributes)) return;
      const { spec } = attributes.object as Pod;
      for (const container of allContainers(spec)) container.imagePullPolicy = 'Always';
      for (const { image } of spec?.volumes ?? []) if (image !== undefined) image.pullPolicy = 'Always';
    },
    async validate(attributes) {
      if (!concernsImages(attributes)) return;
      const { spec } = attributes.object as Pod;
      const bad: [FieldPath, string | undefined][] = [];
      for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
        for (const [index, container] of (spec?.[field] ?? []).entries()) {
          if (container.imagePullPolicy !== 'Always')
            bad.push([path('spec').child(field).index(index).child('imagePullPolicy'), container.imagePullPolicy]);
        }
      }
      for (const [index, { image }] of (spec?.volumes ?? []).entries()) {
        if (image === undefined || image.pullPolicy === 'Always') continue;
        bad.push([path('spec').child('volumes').index(index).child('image', 'pullPolicy'), image.pullPolicy]);
      }
      const message = aggregateMessages(
        bad.map(
          ([at, value]) => refuse(attributes, fieldErrorMessage(notSupported(at, value ?? '', ['Always']))).message,
        ),
      );
      if (message !== undefined) throw plainError(message);
    },
  };
}

function concernsImages(attributes: AdmissionAttributes): boolean {
  if (!concerns(attributes, 'pods') || attributes.object === undefined) return false;
  if (attributes.operation !== 'UPDATE') return true;
  const old = new Set(allContainers((attributes.oldObject as Pod).spec).map((container) => container.image));
  return allContainers((attributes.object as Pod).spec).some((container) => !old.has(container.image));
}
