/** What every cluster has and this server keeps: its objects, made once it listens, and the loops that look after them. */
import { hostname } from 'node:os';
import { ensureBootstrapPolicy } from '../../authorization/index.ts';
import type { RegistryDependencies } from '../../registry/dependencies.ts';
import { ServiceAllocationRepair } from '../../registry/resources.ts';
import type { Storage } from '../../storage/storage.ts';
import type { ApiserverOptions } from '../config.ts';
import type { FeatureGates } from '../feature-gates.ts';
import type { PostStartHook } from '../post-start.ts';
import { serverIdentity, startIdentityLease, startIdentityLeaseCollector } from './identity-lease.ts';
import { startKubernetesService } from './kubernetes-service.ts';
import { startPeerEndpoint } from './peer-endpoint.ts';
import {
  ensureDefaultServiceCidr,
  ensureLegacyTokenTracking,
  ensurePriorityClasses,
  ensureSystemNamespaces,
} from './system-objects.ts';

export interface ClusterHooksDependencies {
  registries: RegistryDependencies;
  storage: Storage;
  /** Of the keys in storage; ends in `/`. */
  root: string;
  featureGates: FeatureGates;
  options: Pick<ApiserverOptions, 'serviceClusterIpRange' | 'kubernetesServiceNodePort' | 'endpointReconcilerType'>;
  /** Where other parts of the cluster reach this server; the port is asked for once it listens. */
  address: string;
  port: () => number;
  now: () => Date;
  report: (error: unknown) => void;
}

export interface ClusterHooks {
  hooks: PostStartHook[];
  /** Takes this server out of the cluster, while it still answers requests. */
  leave(): Promise<void>;
}

interface Stoppable {
  stop(): Promise<void>;
}

export const systemNamespacesHook = 'start-system-namespaces-controller';

const repairIntervalMs = 180_000;
const afterNamespaces = { after: [systemNamespacesHook] };

export function clusterHooks(dependencies: ClusterHooksDependencies): ClusterHooks {
  const { registries, options, address, featureGates, now, report } = dependencies;
  const { registry } = registries;
  const { serviceClusterIpRange } = options;
  /** Ended by `leave`. */
  const presence: Stoppable[] = [];
  let repairTimer: NodeJS.Timeout | undefined;

  const identity = featureGates.enabled('APIServerIdentity')
    ? ([
        ['start-kube-apiserver-identity-lease-controller', startIdentityLease],
        ['start-kube-apiserver-identity-lease-garbage-collector', startIdentityLeaseCollector],
      ] as const)
    : [];
  const tellsPeers = featureGates.enabled('UnknownVersionInteroperabilityProxy');
  const peerAddress = (): string => `${address.includes(':') ? `[${address}]` : address}:${dependencies.port()}`;
  const hooks: PostStartHook[] = [
    { name: systemNamespacesHook, run: () => ensureSystemNamespaces(registry) },
    {
      name: 'rbac/bootstrap-roles',
      ...afterNamespaces,
      async run() {
        await ensureBootstrapPolicy(registry);
      },
    },
    ...identity.map(([name, start]) => ({
      name,
      ...afterNamespaces,
      async run() {
        presence.push(start({ registry, now, report, ...(tellsPeers ? { peerAddress: peerAddress() } : {}) }));
      },
    })),
    ...(tellsPeers
      ? [
          {
            name: 'peer-endpoint-reconciler-controller',
            async run() {
              const { storage, root, port } = dependencies;
              const served = { ip: address, port: port() };
              const identity = serverIdentity(hostname());
              presence.push(await startPeerEndpoint({ storage, root, identity, address: served, report }));
            },
          },
        ]
      : []),
    {
      name: 'start-legacy-token-tracking-controller',
      ...afterNamespaces,
      run: () => ensureLegacyTokenTracking(registry, now()),
    },
    { name: 'scheduling/bootstrap-system-priority-classes', run: () => ensurePriorityClasses(registry) },
    {
      name: 'start-kubernetes-service-cidr-controller',
      run: () => ensureDefaultServiceCidr(registry, rangesOf(serviceClusterIpRange), now()),
    },
    {
      name: 'start-service-ip-repair-controllers',
      after: ['start-kubernetes-service-cidr-controller'],
      async run() {
        const repair = new ServiceAllocationRepair(registries);
        await repair.run(now());
        repairTimer = setInterval(() => void repair.run(now()).catch(report), repairIntervalMs);
        repairTimer.unref();
      },
    },
    {
      name: 'bootstrap-controller',
      after: [systemNamespacesHook, 'start-service-ip-repair-controllers'],
      async run() {
        const { storage, root, port } = dependencies;
        const service = {
          registry,
          storage,
          root,
          serviceClusterIpRange,
          address,
          port: port(),
          nodePort: options.kubernetesServiceNodePort,
          endpoints: options.endpointReconcilerType !== 'none',
          report,
        };
        presence.push(await startKubernetesService(service));
      },
    },
  ];
  return {
    hooks,
    async leave() {
      clearInterval(repairTimer);
      await Promise.all(presence.map((each) => each.stop().catch(report)));
    },
  };
}

function rangesOf(serviceClusterIpRange: string): string[] {
  return serviceClusterIpRange.split(',').map((range) => range.trim());
}
