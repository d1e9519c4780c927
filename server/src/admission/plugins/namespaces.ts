/** Off by default: NamespaceAutoProvision makes missing namespaces, NamespaceExists insists on them. */
import { isAlreadyExists, notFound } from '@typernetes/openapi/meta';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { refuse } from '../refusal.ts';

const namespaces = { group: '', resource: 'namespaces' };

export function namespaceAutoProvision({ registry }: AdmissionDependencies): AdmissionPlugin {
  return {
    name: 'NamespaceAutoProvision',
    handles: (operation) => operation === 'CREATE',
    async admit(attributes) {
      const { namespace } = attributes;
      if (
        !inNamespace(attributes) ||
        (await registry.get(namespaces, '', namespace)) !== undefined ||
        attributes.dryRun
      )
        return;
      try {
        await registry.create(namespaces, '', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      } catch (error) {
        if (!isAlreadyExists(error)) throw refuse(attributes, error as Error);
      }
    },
  };
}

export function namespaceExists({ registry }: AdmissionDependencies): AdmissionPlugin {
  return {
    name: 'NamespaceExists',
    handles: (operation) => operation !== 'CONNECT',
    async validate(attributes) {
      if (!inNamespace(attributes) || (await registry.get(namespaces, '', attributes.namespace)) !== undefined) return;
      throw notFound(namespaces, attributes.namespace);
    },
  };
}

function inNamespace({ namespace, kind }: AdmissionAttributes): boolean {
  return namespace !== '' && !(kind.group === '' && kind.kind === 'Namespace');
}
