/** What the resources of the registry need of the rest of the server, and the resources as the flags want them. */
import { serviceUnavailable } from '@typernetes/openapi/meta';
import { reviewToken } from '../authentication/index.ts';
import type { Authorizer } from '../authorization/index.ts';
import type { HealthCheck } from '../endpoints/health.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import { withoutPrivileged } from '../registry/core/pod/privileged.ts';
import type { RegistryDependencies } from '../registry/dependencies.ts';
import type { RegistryReader } from '../registry/generic/rest.ts';
import {
  AllocatorMetrics,
  listComponentStatuses,
  resourceRegistrations,
  storageRanges,
} from '../registry/resources.ts';
import type { Storage } from '../storage/storage.ts';
import { componentHealth } from './component-health.ts';
import type { ApiserverOptions } from './config.ts';
import type { Identity } from './identity.ts';
import type { structuredAuthorization } from './structured/authorization.ts';

export interface RegistryParts {
  options: ApiserverOptions;
  registry: RegistryReader;
  storage: Storage;
  storageCheck: HealthCheck;
  metrics: MetricsRegistry;
  identity: Identity;
  authorizer: Authorizer;
  /** Is made after the resources, as it reads them. */
  authorization: () => ReturnType<typeof structuredAuthorization>;
  resolveKind: NonNullable<RegistryDependencies['resolveKind']>;
}

export function registryDependencies(parts: RegistryParts): RegistryDependencies {
  const { options, registry, storage, identity, authorizer, authorization } = parts;
  return {
    serviceClusterIPRange: options.serviceClusterIpRange,
    nodePortRange: options.serviceNodePortRange,
    eventTtlSeconds: options.eventTtlSeconds,
    registry,
    authentication: {
      tokenReview: (token, audiences) => reviewToken(identity.authentication, token, audiences),
      issueToken(account, request, context) {
        if (identity.issueToken === undefined) throw serviceUnavailable('no key to sign service account tokens with');
        return identity.issueToken(account, request, context);
      },
    },
    authorization: {
      authorizer,
      rules: { rulesFor: (user, namespace) => authorization().rulesFor(user, namespace) },
      confirmNoEscalation: (...asked) => authorization().confirmNoEscalation(...asked),
      confirmBind: (...asked) => authorization().confirmBind(...asked),
    },
    componentStatus: () =>
      componentHealth(parts.storageCheck, [
        { name: 'controller-manager', port: options.controllerManagerHealthPort },
        { name: 'scheduler', port: options.schedulerHealthPort },
      ]),
    resolveKind: parts.resolveKind,
    allocatorMetrics: new AllocatorMetrics(parts.metrics),
    ranges: storageRanges(storage, options.serviceNodePortRange),
  };
}

export function registrations(dependencies: RegistryDependencies, { allowPrivileged }: ApiserverOptions) {
  return resourceRegistrations(dependencies)
    .map((each) =>
      each.resource.resource === 'componentstatuses'
        ? { ...each, virtualList: () => listComponentStatuses(dependencies) }
        : each,
    )
    .map((each) => (allowPrivileged ? each : withoutPrivileged(each)));
}
