/** Every namespace has a ServiceAccount `default`. Its tokens are issued on request, none is stored. */
import { Controller, type Running, resources } from '@typernetes/openapi/client';
import { isAlreadyExists } from '@typernetes/openapi/meta';
import type { ControllerContext } from '../context.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';
import { startControllers } from '../running.ts';

const name = 'default';

export function startServiceAccountController(context: ControllerContext): Running {
  const client = context.clientFor('service-account-controller');
  const namespaces = context.informers.informer(resources.namespaces);
  const serviceAccounts = context.informers.informer(resources.serviceAccounts);
  const controller = new Controller({
    name: 'serviceaccount',
    synced: [namespaces.synced, serviceAccounts.synced],
    clock: context.clock,
    logger: context.logger,
    reconciler: {
      async reconcile(key, signal) {
        const namespace = namespaces.lister.get(undefined, key);
        if (!namespace || namespace.metadata?.deletionTimestamp || namespace.status?.phase === 'Terminating')
          return undefined;
        if (serviceAccounts.lister.get(key, name)) return undefined;
        try {
          await client
            .resource(resources.serviceAccounts)
            .create(key, { metadata: { name, namespace: key } }, { signal });
        } catch (error) {
          if (!isAlreadyExists(error) && !isNamespaceTerminating(error)) throw error;
        }
        return undefined;
      },
    },
  });
  const registrations = [
    namespaces.addEventHandler({
      add: (namespace) => controller.queue.add(namespace.metadata?.name ?? ''),
      update: (_, namespace) => controller.queue.add(namespace.metadata?.name ?? ''),
    }),
    serviceAccounts.addEventHandler({
      delete: (account) => {
        if (account.metadata?.name === name) controller.queue.add(account.metadata.namespace ?? '');
      },
    }),
  ];
  return startControllers([controller], registrations);
}
