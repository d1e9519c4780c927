import type { AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { isEnabled } from './feature-gates.ts';

const finalizer = 'scheduling.k8s.io/podgroup-protection';

/** For feature gate GenericWorkload: a PodGroup stays until a controller has seen that no pod needs it. */
export function podGroupProtection(dependencies: AdmissionDependencies): AdmissionPlugin | undefined {
  if (!isEnabled(dependencies, 'GenericWorkload')) return undefined;
  return {
    name: 'PodGroupProtection',
    resources: ['podgroups.scheduling.k8s.io'],
    handles: (operation) => operation === 'CREATE',
    admit({ object }) {
      const metadata = ((object ?? {}).metadata ??= {});
      if (!metadata.finalizers?.includes(finalizer)) metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
      return undefined;
    },
  };
}
