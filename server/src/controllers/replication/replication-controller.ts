/** ReplicationControllers are ReplicaSets with a simpler selector: the same reconciler keeps both. */
import { type Running, resources } from '@typernetes/openapi/client';
import type { ReplicationController } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { type ReplicaSetLike, startReplicaSetLikeController } from '../replicaset/replica-set-controller.ts';

const replicationControllerKind: ReplicaSetLike<ReplicationController> = {
  name: 'replicationcontroller',
  account: 'replication-controller',
  resource: resources.replicationControllers,
  asReplicaSet({ spec, ...object }) {
    const { selector, template, ...rest } = spec ?? {};
    return {
      ...object,
      spec: { ...rest, selector: { matchLabels: selector ?? {} }, ...(template ? { template } : {}) },
    };
  },
  statusOf(all) {
    const { terminatingReplicas: _, ...status } = all;
    return status;
  },
  withStatus: (object, status) => ({ ...object, status }),
};

export function startReplicationController(context: ControllerContext): Running {
  return startReplicaSetLikeController(context, replicationControllerKind);
}
