import type { Node } from '@typernetes/openapi/types/core/v1';
import type { AdmissionPlugin } from '../admission.ts';

const notReady = 'node.kubernetes.io/not-ready';

/** A new node takes no pods until the node controller has seen it ready. */
export function taintNodesByCondition(): AdmissionPlugin {
  return {
    name: 'TaintNodesByCondition',
    resources: ['nodes'],
    handles: (operation) => operation === 'CREATE',
    async admit(attributes) {
      const taints = ((attributes.object as Node).spec ??= {}).taints ?? [];
      if (taints.some((taint) => taint.key === notReady && taint.effect === 'NoSchedule')) return;
      ((attributes.object as Node).spec ??= {}).taints = [...taints, { key: notReady, effect: 'NoSchedule' }];
    },
  };
}
