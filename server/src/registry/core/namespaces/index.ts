import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { Namespace } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import { checked, invalidValue, nameIsDnsLabel, path, qualifiedName } from '../../validation/index.ts';

const NAME_LABEL = 'kubernetes.io/metadata.name';
const FINALIZER = 'kubernetes';
const STANDARD_FINALIZERS = new Set([FINALIZER, 'orphan', 'foregroundDeletion']);
/** An update of /finalize: made by the view below, so the finalizers are the request's. */
const FINALIZE = 'finalize';

function validateFinalizers(namespace: Namespace, at: (index: number) => Path): FieldError[] {
  return (namespace.spec?.finalizers ?? []).flatMap((finalizer, index) => {
    const errors = checked(at(index), finalizer, qualifiedName(finalizer));
    if (!finalizer.includes('/') && !STANDARD_FINALIZERS.has(finalizer)) {
      errors.push(
        invalidValue(at(index), finalizer, 'name is neither a standard finalizer name nor is it fully qualified'),
      );
    }
    return errors;
  });
}

function labelWithName(namespace: Namespace): void {
  const name = namespace.metadata?.name;
  if (name)
    namespace.metadata = { ...namespace.metadata, labels: { ...namespace.metadata?.labels, [NAME_LABEL]: name } };
}

const finalizersPath = path('spec', 'finalizers');

export const namespaces: ResourceRegistration<Namespace> = {
  resource: { group: '', resource: 'namespaces' },
  strategy: {
    hasGeneration: false,
    validateName: nameIsDnsLabel,
    default(namespace) {
      labelWithName(namespace);
      namespace.status = { ...namespace.status, phase: namespace.status?.phase || 'Active' };
    },
    prepareForCreate(namespace) {
      namespace.status = { phase: 'Active' };
      const finalizers = namespace.spec?.finalizers ?? [];
      namespace.spec = {
        ...namespace.spec,
        finalizers: finalizers.includes(FINALIZER) ? finalizers : [...finalizers, FINALIZER],
      };
    },
    prepareForUpdate(namespace, old, context) {
      if (context.subresource !== FINALIZE) namespace.spec = structuredClone(old.spec ?? {});
      namespace.status = structuredClone(old.status ?? {});
    },
    // A name may come from generateName, which is resolved after defaulting.
    canonicalize: labelWithName,
    validate: (namespace) => validateFinalizers(namespace, () => finalizersPath),
    validateUpdate: (namespace, _old, context) =>
      validateFinalizers(namespace, (index) =>
        context.subresource === FINALIZE ? finalizersPath.index(index) : finalizersPath,
      ),
    validateStatusUpdate(namespace) {
      const deleting = namespace.metadata?.deletionTimestamp !== undefined;
      const wanted = deleting ? 'Terminating' : 'Active';
      if (namespace.status?.phase === wanted) return [];
      const message = `may only be '${wanted}' if \`deletionTimestamp\` is ${deleting ? 'not ' : ''}empty`;
      return [invalidValue(path('status', 'Phase'), namespace.status?.phase ?? '', message)];
    },
  },
  deleteStrategy: {
    alwaysMarkFirst: true,
    otherFinalizers: (namespace) => namespace.spec?.finalizers ?? [],
    markDeleted(namespace) {
      namespace.status = { ...namespace.status, phase: 'Terminating' };
    },
    returnsDeletedObject: true,
  },
  selectableFields: {
    'status.phase': (namespace) => namespace.status?.phase ?? '',
  },
  subresources: {
    finalize: {
      kind: { group: '', version: 'v1', kind: 'Namespace' },
      view: (namespace) => structuredClone(namespace) as KubernetesObject,
      apply(view, namespace) {
        const { resourceVersion, uid } = view.metadata ?? {};
        namespace.metadata = {
          ...namespace.metadata,
          ...(resourceVersion ? { resourceVersion } : {}),
          ...(uid ? { uid } : {}),
        };
        const finalizers = (view as Namespace).spec?.finalizers ?? [];
        namespace.spec = finalizers.length === 0 ? {} : { finalizers };
      },
    },
  },
  table: {
    columns: [nameColumn, text('Status'), ageColumn],
    cells: (namespace, now) => [namespace.metadata?.name ?? '', namespace.status?.phase ?? '', age(namespace, now)],
  },
};
