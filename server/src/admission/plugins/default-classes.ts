/** Claims and ingresses that name no class get the default one: the newest of those marked so. */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { PersistentVolumeClaim } from '@typernetes/openapi/types/core/v1';
import type { Ingress } from '@typernetes/openapi/types/networking/v1';
import type { AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';

export function defaultStorageClass({ registry }: AdmissionDependencies): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    resources: ['persistentvolumeclaims'],
    handles: (operation) => operation === 'CREATE',
    async admit(attributes) {
      const claim = attributes.object as PersistentVolumeClaim;
      // An empty name is a choice: no class.
      if (claim.spec?.storageClassName !== undefined) return;
      if (claim.metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] !== undefined) return;
      const classes = await registry.list({ group: 'storage.k8s.io', resource: 'storageclasses' });
      const name = newestDefault(
        classes,
        'storageclass.kubernetes.io/is-default-class',
        'storageclass.beta.kubernetes.io/is-default-class',
      );
      if (name !== undefined) (claim.spec ??= {}).storageClassName = name;
    },
  };
}

export function defaultIngressClass({ registry }: AdmissionDependencies): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    resources: ['ingresses.networking.k8s.io'],
    handles: (operation) => operation === 'CREATE',
    async admit(attributes) {
      const ingress = attributes.object as Ingress;
      if (ingress.spec?.ingressClassName !== undefined) return;
      if (ingress.metadata?.annotations?.['kubernetes.io/ingress.class'] !== undefined) return;
      const classes = await registry.list({ group: 'networking.k8s.io', resource: 'ingressclasses' });
      const name = newestDefault(classes, 'ingressclass.kubernetes.io/is-default-class');
      if (name !== undefined) (ingress.spec ??= {}).ingressClassName = name;
    },
  };
}

function newestDefault(classes: readonly KubernetesObject[], ...annotations: readonly string[]): string | undefined {
  const marked = classes.filter(({ metadata }) =>
    annotations.some((annotation) => metadata?.annotations?.[annotation] === 'true'),
  );
  const age = (object: KubernetesObject): string => object.metadata?.creationTimestamp ?? '';
  const name = (object: KubernetesObject): string => object.metadata?.name ?? '';
  const [newest] = marked.sort((a, b) => (age(a) === age(b) ? (name(a) < name(b) ? -1 : 1) : age(a) > age(b) ? -1 : 1));
  return newest?.metadata?.name;
}
