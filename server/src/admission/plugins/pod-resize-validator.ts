import { parseQuantity, StatusError } from '@typernetes/openapi/meta';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { refuse } from '../refusal.ts';
import { podResources } from './resource-list.ts';

/** A running pod does not grow beyond what its node has. */
export function podResizeValidator({ registry }: AdmissionDependencies): AdmissionPlugin {
  return {
    name: 'PodResizeValidator',
    resources: ['pods/resize'],
    handles: (operation) => operation === 'UPDATE',
    async validate(attributes) {
      const pod = attributes.object as Pod;
      const nodeName = pod.spec?.nodeName ?? '';
      if (nodeName === '' || attributes.oldObject?.metadata?.generation === pod.metadata?.generation) return;
      const node = await registry.get<Node>({ group: '', resource: 'nodes' }, '', nodeName);
      if (node === undefined) throw refuse(attributes, `node "${nodeName}" not found`);
      const system = node.metadata?.labels?.['kubernetes.io/os'] ?? 'linux';
      if (system !== 'linux') {
        const message = `pod resize is only supported on linux nodes, node "${nodeName}" is "${system}"`;
        throw withCause(attributes, message, 'UnsupportedPlatform');
      }
      const requests = podResources(pod, 'requests', { overhead: true });
      const allocatable = (name: string) => parseQuantity(node.status?.allocatable?.[name] ?? '0');
      const short: string[] = [];
      const [cpu, memory] = [requests.get('cpu'), requests.get('memory')];
      if (cpu !== undefined && cpu.compare(allocatable('cpu')) > 0) {
        short.push(`cpu, requested: ${cpu.milliValue()}, allocatable: ${allocatable('cpu').milliValue()}`);
      }
      if (memory !== undefined && memory.compare(allocatable('memory')) > 0) {
        short.push(`memory, requested: ${memory.value()}, allocatable: ${allocatable('memory').value()}`);
      }
      if (short.length > 0) {
        throw withCause(
          attributes,
          `node didn't have enough allocatable resources: ${short.join('; ')}`,
          'NodeCapacity',
        );
      }
    },
  };
}

function withCause(attributes: AdmissionAttributes, message: string, reason: string): StatusError {
  const { status } = refuse(attributes, message);
  return new StatusError({ ...status, details: { ...status.details, causes: [{ reason }] } });
}
