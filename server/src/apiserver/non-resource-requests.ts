/** What the server answers beside its resources: health from all its parts, version, metrics, discovery, OpenAPI, z-pages. */
import process from 'node:process';
import { kubernetesVersion, type Served } from '@typernetes/openapi/catalogue';
import type { ServiceAccountTokens } from '../authentication/index.ts';
import { DiscoveryHandler } from '../endpoints/discovery/discovery-handler.ts';
import type { CustomDiscovery } from '../endpoints/discovery/merged-discovery.ts';
import { type CustomOpenApi, OpenApiHandler } from '../endpoints/discovery/openapi-handler.ts';
import { HealthMetrics } from '../endpoints/health.ts';
import type { ApiMetrics } from '../endpoints/metrics.ts';
import { NonResourceHandler, type NonResourceOptions } from '../endpoints/non-resource.ts';
import type { ResourceEndpoint } from '../endpoints/resource-endpoint.ts';
import { ZPages } from '../endpoints/zpages.ts';
import { versionInfo } from '../version-info.ts';
import type { ApiserverOptions } from './config.ts';
import { flagValues } from './flags/index.ts';
import { type HealthChecks, healthEndpoints } from './health-endpoints.ts';

export interface NonResourceDependencies {
  options: ApiserverOptions;
  metrics: ApiMetrics;
  health: HealthChecks;
  serviceAccounts: ServiceAccountTokens | undefined;
  endpoints: readonly ResourceEndpoint[];
  isServed: Served;
  /** HOST:PORT, as documents tell it. */
  serverAddress: () => string;
  /** Documents of custom and aggregated resources, merged into ours. */
  merged: CustomDiscovery & CustomOpenApi;
  otherDocuments: NonResourceOptions['documents'];
  now: () => Date;
}

export function nonResourceRequests(dependencies: NonResourceDependencies): NonResourceHandler {
  const { options, metrics, serviceAccounts, endpoints, isServed, serverAddress, merged, now } = dependencies;
  const healthMetrics = new HealthMetrics();
  const zpages = new ZPages({
    binaryVersion: kubernetesVersion.gitVersion.replace(/^v/, ''),
    emulationVersion: `${kubernetesVersion.major}.${kubernetesVersion.minor}`,
    runtimeVersion: process.version,
    started: now(),
    now,
    flags: () => flagValues(options),
    random: Math.random,
  });
  const openIdConfiguration = () => serviceAccounts?.openIdConfiguration(options.externalHostname ?? serverAddress());
  return new NonResourceHandler({
    version: versionInfo(),
    healthMetrics,
    health: healthEndpoints(dependencies.health, options, healthMetrics, () => now().getTime()),
    metrics,
    openIdConfiguration,
    jwks: () => (openIdConfiguration() === undefined ? undefined : serviceAccounts?.jwks()),
    openIdMaxAgeSeconds: () => serviceAccounts?.documentsMaxAgeSeconds ?? 0,
    groups: new Set(endpoints.map(({ group }) => group)),
    apiVersions: new Set(endpoints.map(({ apiVersion }) => apiVersion)),
    documents: [
      new DiscoveryHandler(isServed, serverAddress, merged),
      new OpenApiHandler(isServed, merged),
      zpages,
      ...dependencies.otherDocuments,
    ],
  });
}
