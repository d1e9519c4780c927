/** Every namespace has a ConfigMap `kube-root-ca.crt`, by which its pods know the API server. */
import { Controller, type Running, resources } from '@typernetes/openapi/client';
import { isAlreadyExists, isNotFound } from '@typernetes/openapi/meta';
import type { ConfigMap } from '@typernetes/openapi/types/core/v1';
import type { ControllerContext } from '../context.ts';
import { semanticallyEqual } from '../objects/equality.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';
import { startControllers } from '../running.ts';

const name = 'kube-root-ca.crt';
const annotations = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
};

export function startRootCaCertPublisher(context: ControllerContext): Running {
  const { rootCa } = context.options;
  if (rootCa === undefined) return { ready: Promise.resolve(), stop: () => Promise.resolve() };
  const data = { 'ca.crt': rootCa };
  const client = context.clientFor('root-ca-cert-publisher');
  const namespaces = context.informers.informer(resources.namespaces);
  const configMaps = context.informers.informer(resources.configMaps, { fieldSelector: `metadata.name=${name}` });
  const controller = new Controller({
    name: 'root_ca_cert_publisher',
    synced: [namespaces.synced, configMaps.synced],
    clock: context.clock,
    logger: context.logger,
    reconciler: {
      async reconcile(key, signal) {
        const namespace = namespaces.lister.get(undefined, key);
        if (!namespace || namespace.metadata?.deletionTimestamp || namespace.status?.phase === 'Terminating')
          return undefined;
        const current = configMaps.lister.get(key, name);
        const isRight =
          semanticallyEqual(current?.data, data) &&
          Object.entries(annotations).every(
            ([annotation, value]) => current?.metadata?.annotations?.[annotation] === value,
          );
        if (current && isRight) return undefined;
        const desired: ConfigMap = {
          ...current,
          metadata: {
            ...current?.metadata,
            name,
            namespace: key,
            annotations: { ...current?.metadata?.annotations, ...annotations },
          },
          data,
        };
        try {
          const resource = client.resource(resources.configMaps);
          await (current ? resource.update(desired, { signal }) : resource.create(key, desired, { signal }));
        } catch (error) {
          if (!isAlreadyExists(error) && !isNotFound(error) && !isNamespaceTerminating(error)) throw error;
        }
        return undefined;
      },
    },
  });
  const changed = (configMap: Readonly<ConfigMap>): void => controller.queue.add(configMap.metadata?.namespace ?? '');
  const registrations = [
    namespaces.addEventHandler({
      add: (namespace) => controller.queue.add(namespace.metadata?.name ?? ''),
      update: (_, namespace) => controller.queue.add(namespace.metadata?.name ?? ''),
    }),
    configMaps.addEventHandler({ update: (_, configMap) => changed(configMap), delete: changed }),
  ];
  return startControllers([controller], registrations);
}
