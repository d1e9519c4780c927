import type { Binding } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { bindPod } from '../pods/binding.ts';

/** The old way to bind a pod: POST bindings, the pod named by the Binding itself. */
export const bindings: ResourceRegistration<Binding> = {
  resource: { group: '', resource: 'bindings' },
  virtualCreate: (binding, context) => bindPod(binding.metadata?.name ?? '', binding, context),
};
