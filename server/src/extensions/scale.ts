/** The scale subresource: an autoscaling/v1 Scale that stands for three fields of a custom resource. */
import {
  type FieldError,
  internalError,
  invalid,
  invalidValue,
  type KubernetesObject,
  path,
} from '@typernetes/openapi/meta';
import { isObject, setOwn } from '@typernetes/openapi/schema';
import type { SubresourceRegistration } from '../registry/generic/strategy.ts';
import type { ScaleSubresource } from './definition.ts';

export const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

const parts = (text: string): string[] => text.replace(/^\./, '').split('.');

function read(object: unknown, place: string): unknown {
  let value = object;
  for (const name of parts(place)) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

function write(object: KubernetesObject, place: string, value: number): void {
  const names = parts(place);
  const last = names.pop()!;
  let target = object as Record<string, unknown>;
  for (const name of names) {
    if (!isObject(target[name])) setOwn(target, name, {});
    target = target[name] as Record<string, unknown>;
  }
  setOwn(target, last, value);
}

/** Replicas count things, wherever the definition puts them. */
export function validateScale(scale: ScaleSubresource, object: KubernetesObject): FieldError[] {
  return [scale.specReplicasPath, scale.statusReplicasPath].flatMap((place) => {
    const value = read(object, place);
    if (typeof value !== 'number' || value >= 0) return [];
    return [invalidValue(place, value, 'should be a non-negative integer')];
  });
}

export function scaleRegistration(
  scale: ScaleSubresource,
  kind: { group: string; kind: string },
): SubresourceRegistration {
  return {
    view(parent) {
      const replicas = read(parent, scale.specReplicasPath);
      if (typeof replicas !== 'number')
        throw internalError(`the spec replicas field "${scale.specReplicasPath}" does not exist`);
      const current = read(parent, scale.statusReplicasPath);
      const selector = scale.labelSelectorPath ? read(parent, scale.labelSelectorPath) : undefined;
      const { name, namespace, uid, resourceVersion, creationTimestamp } = parent.metadata ?? {};
      const metadata = { name, namespace, uid, resourceVersion, creationTimestamp };
      return {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata,
        spec: { replicas },
        status: {
          replicas: typeof current === 'number' ? current : 0,
          ...(typeof selector === 'string' && selector !== '' ? { selector } : {}),
        },
      } as KubernetesObject;
    },
    apply(view, parent) {
      const replicas = (view as { spec?: { replicas?: number } }).spec?.replicas ?? 0;
      if (replicas < 0)
        throw invalid(kind, parent.metadata?.name ?? '', [
          invalidValue(path('spec', 'replicas'), replicas, 'should be a non-negative integer'),
        ]);
      write(parent, scale.specReplicasPath, replicas);
    },
  };
}
