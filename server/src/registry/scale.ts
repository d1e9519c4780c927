import { invalid, type KubernetesObject } from '@typernetes/openapi/meta';
import type { SubresourceRegistration } from './generic/strategy.ts';
import type { TableDefinition } from './generic/table.ts';
import { age, ageColumn, integer, text } from './printing/index.ts';
import { invalidValue, NOT_NEGATIVE, path } from './validation/index.ts';

interface Scalable extends KubernetesObject {
  spec?: { replicas?: number };
  status?: { replicas?: number };
}

interface Scale extends KubernetesObject {
  spec?: { replicas?: number };
  status?: { replicas: number; selector?: string };
}

export const scaleTable: TableDefinition = {
  columns: [text('Name'), integer('Desired'), integer('Available'), ageColumn],
  cells(object, now) {
    const { spec, status } = object as Scale;
    return [object.metadata?.name ?? '', spec?.replicas ?? 0, status?.replicas ?? 0, age(object, now)];
  },
};

/** The scale subresource of a workload: its replicas, and the text of the selector that finds them. */
export function scale<T extends Scalable>(selectorOf: (object: Readonly<T>) => string): SubresourceRegistration<T> {
  return {
    kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
    table: scaleTable,
    view(object) {
      const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
      const metadata = Object.fromEntries(
        Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp }).filter(
          ([, value]) => value !== undefined,
        ),
      );
      const selector = selectorOf(object);
      const replicas = object.spec?.replicas ?? 0;
      const shown: Scale = {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata,
        // As Go leaves out a zero.
        spec: replicas === 0 ? {} : { replicas },
        status: { replicas: object.status?.replicas ?? 0, ...(selector === '' ? {} : { selector }) },
      };
      return shown as KubernetesObject;
    },
    apply(view, object) {
      const replicas = (view as Scale).spec?.replicas ?? 0;
      if (replicas < 0) {
        const errors = [invalidValue(path('spec', 'replicas'), replicas, NOT_NEGATIVE)];
        throw invalid({ group: 'autoscaling', kind: 'Scale' }, view.metadata?.name ?? '', errors);
      }
      const { resourceVersion, uid } = view.metadata ?? {};
      object.metadata = {
        ...object.metadata,
        ...(resourceVersion ? { resourceVersion } : {}),
        ...(uid ? { uid } : {}),
      };
      object.spec = { ...object.spec, replicas };
    },
  };
}
