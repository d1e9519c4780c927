import { type RestClient, resources } from '@typernetes/openapi/client';
import type { BindPlugin } from '../framework/framework.ts';

/** Posts the binding; the API server refuses if the pod was bound or replaced meanwhile. */
export function defaultBinder(client: RestClient): BindPlugin {
  return {
    name: 'DefaultBinder',
    async bind(_state, { pod }, node, signal) {
      const { namespace, name = '', uid } = pod.metadata ?? {};
      const binding = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { namespace, name, uid },
        target: { kind: 'Node', name: node },
      };
      await client.resource(resources.pods).createSubresource<unknown>(namespace, name, 'binding', binding, { signal });
    },
  };
}
