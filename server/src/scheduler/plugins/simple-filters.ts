/** Filters that need a few lines each. */
import type { FilterPlugin, PreEnqueuePlugin, PreFilterPlugin } from '../framework/framework.ts';
import type { NodeInfo } from '../framework/node-info.ts';
import type { PodInfo } from '../framework/pod-info.ts';
import { unresolvable, unschedulable } from '../framework/status.ts';

export const nodeName: FilterPlugin = {
  name: 'NodeName',
  events: [
    {
      resource: 'Node',
      action: 'add',
      helps: ({ pod }, { node }) => !pod.spec?.nodeName || pod.spec.nodeName === node?.name,
    },
  ],
  filter(_state, { pod }, node) {
    const wanted = pod.spec?.nodeName;
    return !wanted || wanted === node.name
      ? undefined
      : unresolvable('NodeName', "node(s) didn't match the requested node name");
  },
};

function portsFree(pod: PodInfo, node: NodeInfo): boolean {
  return !pod.hostPorts.some((port) => node.usesPort(port));
}

export const nodePorts: PreFilterPlugin & FilterPlugin = {
  name: 'NodePorts',
  events: [
    {
      resource: 'Pod',
      action: 'delete',
      helps: (pod, { pod: gone }) =>
        !gone ||
        gone.hostPorts.some((port) =>
          pod.hostPorts.some((own) => own.port === port.port && own.protocol === port.protocol),
        ),
    },
    { resource: 'Node', action: 'add' },
  ],
  preFilter: (_state, pod) => ({ skip: pod.hostPorts.length === 0 }),
  filter(_state, pod, node) {
    return portsFree(pod, node)
      ? undefined
      : unschedulable('NodePorts', "node(s) didn't have free ports for the requested pod ports");
  },
};

export const schedulingGates: PreEnqueuePlugin = {
  name: 'SchedulingGates',
  preEnqueue({ pod }) {
    const gates = (pod.spec?.schedulingGates ?? []).map((gate) => gate.name);
    return gates.length === 0
      ? undefined
      : unresolvable('SchedulingGates', `waiting for scheduling gates: [${gates.join(' ')}]`);
  },
};
