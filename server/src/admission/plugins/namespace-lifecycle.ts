/** Nothing is created in a namespace that is not there or is going away; three namespaces cannot be deleted. */
import { notFound, StatusError } from '@typernetes/openapi/meta';
import type { Namespace } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { refuse } from '../refusal.ts';

const immortal = new Set(['default', 'kube-system', 'kube-public']);

export function namespaceLifecycle({ registry }: AdmissionDependencies): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    handles: (operation) => operation !== 'CONNECT',
    async admit(attributes) {
      if (attributes.kind.group === '' && attributes.kind.kind === 'Namespace') {
        if (attributes.operation === 'DELETE' && immortal.has(attributes.name)) {
          throw refuse(attributes, 'this namespace may not be deleted');
        }
        return;
      }
      const { namespace, operation } = attributes;
      if (namespace === '' || operation === 'DELETE' || isAccessReview(attributes)) return;
      const found = await registry.get<Namespace>({ group: '', resource: 'namespaces' }, '', namespace);
      if (found === undefined) throw notFound({ group: '', resource: 'namespaces' }, namespace);
      if (operation === 'CREATE' && found.status?.phase === 'Terminating') throw terminating(attributes);
    },
  };
}

/** Who asks what a user may do learns nothing about which namespaces there are. */
function isAccessReview({ resource }: AdmissionAttributes): boolean {
  return resource.group === 'authorization.k8s.io' && resource.resource === 'localsubjectaccessreviews';
}

function terminating(attributes: AdmissionAttributes): StatusError {
  const { namespace } = attributes;
  const { status } = refuse(
    attributes,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  return new StatusError({ ...status, details: { ...status.details, causes: [cause] } });
}
