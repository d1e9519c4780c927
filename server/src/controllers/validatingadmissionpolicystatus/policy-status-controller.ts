/** Type-checks each generation of each ValidatingAdmissionPolicy, and writes what it finds into the status. */
import { Controller, type KnownResource, keyOf, type Running } from '@typernetes/openapi/client';
import type { ValidatingAdmissionPolicy } from '@typernetes/openapi/types/admissionregistration/v1';
import type { ControllerContext } from '../context.ts';
import { startControllers } from '../running.ts';
import { checkPolicy } from './type-checker.ts';

type Policy = Readonly<ValidatingAdmissionPolicy>;

const name = 'validatingadmissionpolicy-status';

export const validatingAdmissionPolicies: KnownResource<ValidatingAdmissionPolicy> = {
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  resource: 'validatingadmissionpolicies',
  kind: 'ValidatingAdmissionPolicy',
  namespaced: false,
};

export function startValidatingAdmissionPolicyStatusController(context: ControllerContext): Running {
  const policies = context.informers.informer(validatingAdmissionPolicies);
  const client = context.clientFor('validatingadmissionpolicy-status-controller');
  const controller = new Controller({
    name,
    reconciler: {
      async reconcile(key, signal) {
        const policy = policies.lister.getByKey(key);
        if (policy === undefined || !isNew(policy)) return undefined;
        const expressionWarnings = await checkPolicy(policy, client, signal);
        const status = {
          observedGeneration: policy.metadata?.generation ?? 0,
          typeChecking: expressionWarnings.length === 0 ? {} : { expressionWarnings },
        };
        const { group, version, kind } = validatingAdmissionPolicies;
        const configuration = { apiVersion: `${group}/${version}`, kind, metadata: { name: key }, status };
        await client.resource(validatingAdmissionPolicies).patch(undefined, key, configuration, {
          type: 'apply',
          subresource: 'status',
          fieldManager: name,
          force: true,
          signal,
        });
        return undefined;
      },
    },
    synced: [policies.synced],
    clock: context.clock,
    logger: context.logger,
  });
  const enqueue = (policy: Policy): void => controller.queue.add(keyOf(policy));
  const registration = policies.addEventHandler({ add: enqueue, update: (_, policy) => enqueue(policy) });
  return startControllers([controller], [registration]);
}

function isNew({ metadata, status }: Policy): boolean {
  return (metadata?.generation ?? 0) > (status?.observedGeneration ?? 0);
}
