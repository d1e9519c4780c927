import type { Node } from '@typernetes/openapi/types/core/v1';
import type { AdmissionPlugin } from '../admission.ts';
import { concerns } from '../refusal.ts';

const notReady = 'node.kubernetes.io/not-ready';

/** A new node takes no pods until the node controller has seen it ready. */
export function taintNodesByCondition(): AdmissionPlugin {
  return {
    name: 'TaintNodesByCondition',
    handles: (operation) => operation === 'CREATE',
    async admit(attributes) {
      if (!concerns(attributes, 'nodes')) return;
      const taints = ((attributes.object as Node).spec ??= {}).taints ?? [];
      if (taints.some((taint) => taint.key === notReady && taint.effect === 'NoSchedule')) return;
      ((attributes.object as Node).spec ??= {}).taints = [...taints, { key: notReady, effect: 'NoSchedule' }];
    },
  };
}
