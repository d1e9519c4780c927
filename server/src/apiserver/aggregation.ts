/** API aggregation built from the flags, and what of it is done once the server listens. */
import { randomUUID } from 'node:crypto';
import { groups, type Served } from '@typernetes/openapi/catalogue';
import { Aggregator, aggregatedDocuments } from '../aggregator/index.ts';
import type { ObjectSource } from '../authorization/object-source.ts';
import type { CustomDiscovery } from '../endpoints/discovery/merged-discovery.ts';
import type { CustomOpenApi } from '../endpoints/discovery/openapi-handler.ts';
import type { HealthCheck } from '../endpoints/health.ts';
import type { Logger } from '../endpoints/request-context.ts';
import type { MetricsRegistry } from '../metrics/index.ts';
import type { RegistryReader } from '../registry/generic/rest.ts';
import { clusterIpResolver, endpointResolver, type ServiceResolver } from '../webhooks/index.ts';
import type { ApiserverOptions } from './config.ts';
import type { ApiserverFiles } from './files.ts';
import { type RunningAuthenticationConfig, startAuthenticationConfig } from './hooks/index.ts';
import type { PostStartHook } from './post-start.ts';

export interface AggregationDependencies {
  registry: RegistryReader;
  source: ObjectSource;
  isServed: Served;
  custom: CustomDiscovery & CustomOpenApi;
  resolve: ServiceResolver;
  metrics: MetricsRegistry;
  logger: Logger;
  now: () => Date;
  report: (error: unknown) => void;
}

/** How this server reaches Services: upstream's choice by flag. The Service of the API itself is this process. */
export function serviceResolver(
  options: ApiserverOptions,
  registry: RegistryReader,
  self: () => { host: string; port: number },
): ServiceResolver {
  const resolve = options.enableAggregatorRouting
    ? endpointResolver(registry, Math.random)
    : clusterIpResolver(registry);
  return async (namespace, name, port) =>
    namespace === 'default' && name === 'kubernetes' && port === 443
      ? { ...self(), serverName: 'kubernetes.default.svc' }
      : resolve(namespace, name, port);
}

export function buildAggregation(
  options: ApiserverOptions,
  files: ApiserverFiles,
  dependencies: AggregationDependencies,
) {
  const { registry, source, isServed, custom, resolve, metrics, logger, now, report } = dependencies;
  const { proxyCert, proxyKey } = files;
  const builtIn = groups().flatMap(({ name, versions }) =>
    versions.map(({ version }) => ({ group: name, version })).filter(isServed),
  );
  const aggregator = new Aggregator({
    registry,
    source,
    builtIn,
    resolve,
    ...(proxyCert === undefined || proxyKey === undefined
      ? {}
      : { clientCertificate: { cert: proxyCert, key: proxyKey } }),
    rejectRedirects: options.aggregatorRejectForwardingRedirect,
    id: `typernetes-${randomUUID()}`,
    metrics,
    logger,
    now,
  });
  let started: Promise<void> | undefined;
  const start = (): Promise<void> => (started ??= aggregator.start());
  let authorities: Authorities = files;
  let authenticationConfig: RunningAuthenticationConfig | undefined;
  const hooks: PostStartHook[] = [
    ...[
      'start-kube-aggregator-informers',
      'apiservice-registration-controller',
      'apiservice-wait-for-first-sync',
      'apiservice-status-local-available-controller',
      'apiservice-status-remote-available-controller',
      'apiservice-discovery-controller',
      'apiservice-openapi-controller',
      'apiservice-openapiv3-controller',
      'kube-apiserver-autoregistration',
    ].map((name) => ({ name, run: start })),
    {
      name: 'start-cluster-authentication-info-controller',
      after: ['start-system-namespaces-controller'],
      async run() {
        const config = authenticationConfigOf(options, authorities);
        authenticationConfig = await startAuthenticationConfig({ registry, source, config, now, report });
      },
    },
  ];
  const check: HealthCheck = {
    name: 'autoregister-completion',
    check() {
      if (aggregator.missing.size > 0) throw new Error(`missing APIService: ${[...aggregator.missing].join(' ')}`);
    },
  };
  return {
    aggregator,
    documents: aggregatedDocuments(aggregator, custom),
    hooks,
    check,
    /** Those whose certificates count from now on: extension API servers are told. */
    trust(changed: Authorities) {
      authorities = changed;
      authenticationConfig?.change(authenticationConfigOf(options, authorities));
    },
    async stop() {
      authenticationConfig?.stop();
      await aggregator.stop();
    },
  };
}

type Authorities = Pick<ApiserverFiles, 'clientCa' | 'frontProxyCa'>;

function authenticationConfigOf(options: ApiserverOptions, { clientCa, frontProxyCa }: Authorities) {
  return {
    ...(clientCa === undefined ? {} : { clientCa }),
    ...(frontProxyCa === undefined
      ? {}
      : {
          requestHeader: {
            ca: frontProxyCa,
            allowedNames: options.requestheaderAllowedNames,
            usernameHeaders: options.requestheaderUsernameHeaders,
            uidHeaders: options.requestheaderUidHeaders,
            groupHeaders: options.requestheaderGroupHeaders,
            extraHeadersPrefix: options.requestheaderExtraHeadersPrefix,
          },
        }),
  };
}
