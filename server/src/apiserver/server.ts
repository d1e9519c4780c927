/** The composition root: puts storage, registries, authentication, authorization and endpoints together and serves them. */
import process from 'node:process';
import { kubernetesVersion, servedByDefault } from '@typernetes/openapi/catalogue';
import { serviceUnavailable } from '@typernetes/openapi/meta';
import { admissionPlugins, runMutating, runValidating } from '../admission/index.ts';
import { AdmissionMetrics } from '../admission/metrics.ts';
import { openAuditLog } from '../audit/index.ts';
import { impersonate, reviewToken } from '../authentication/index.ts';
import { type Authorizer, ensureBootstrapPolicy, startClusterRoleAggregation } from '../authorization/index.ts';
import { createApp } from '../endpoints/app.ts';
import { DiscoveryHandler } from '../endpoints/discovery/discovery-handler.ts';
import { OpenApiHandler } from '../endpoints/discovery/openapi-handler.ts';
import { type HealthCheck, HealthEndpoint, HealthMetrics } from '../endpoints/health.ts';
import { ApiMetrics } from '../endpoints/metrics.ts';
import { NonResourceHandler } from '../endpoints/non-resource.ts';
import type { Logger } from '../endpoints/request-context.ts';
import { RequestMetrics } from '../endpoints/request-metrics.ts';
import type { HandlerDependencies, ObjectDecoder } from '../endpoints/resource-endpoint.ts';
import { ResourceRouter } from '../endpoints/resource-router.ts';
import { NodeConnector } from '../endpoints/streaming/node-connection.ts';
import { podStreams } from '../endpoints/streaming/pod-streams.ts';
import { proxies } from '../endpoints/streaming/proxies.ts';
import { ZPages } from '../endpoints/zpages.ts';
import { CustomResources, customDocuments, noStrategicMerge, RuleMetrics } from '../extensions/index.ts';
import type { RegistryDependencies } from '../registry/dependencies.ts';
import { resourceKey } from '../registry/generic/definition.ts';
import { loopbackRegistry } from '../registry/generic/loopback.ts';
import {
  listComponentStatuses,
  resourceRegistrations,
  ServiceAllocationRepair,
  storageRanges,
} from '../registry/resources.ts';
import { withoutPrivileged } from '../registry/core/pod/privileged.ts';
import { CacherGroup } from '../storage/cacher/index.ts';
import { Encryption } from '../storage/encryption/index.ts';
import { Folders } from '../storage/folders.ts';
import { StorageMetrics, watchCachers } from '../storage/metrics.ts';
import type { Tracing } from '../tracing/index.ts';
import { WebhookClients } from '../webhooks/index.ts';
import { admissionObjects } from './admission-objects.ts';
import { buildAggregation, serviceResolver } from './aggregation.ts';
import { followCertificates } from './certificate-reload.ts';
import { componentHealth } from './component-health.ts';
import { type ApiserverOptions, advertisedAddress, defaultOptions, servedVersions } from './config.ts';
import { parseFeatureGates } from './feature-gates.ts';
import { fieldManagers, storeFieldManagers } from './field-managers.ts';
import { readFiles } from './files.ts';
import { flagValues } from './flags/index.ts';
import { buildHandlerChain } from './handler-chain.ts';
import {
  ensureDefaultServiceCidr,
  ensureLegacyTokenTracking,
  ensurePriorityClasses,
  ensureSystemNamespaces,
  type KubernetesServiceController,
  startIdentityLease,
  startIdentityLeaseCollector,
  kubernetesServiceIp,
  startKubernetesService,
} from './hooks/index.ts';
import { serveHttp2 } from './http2.ts';
import { buildIdentity, frontProxyHeaders } from './identity.ts';
import { httpsServer, listen } from './listener.ts';
import { stderrLogger } from './logger.ts';
import { objectSource } from './object-source.ts';
import { ensureServingCertificate } from './serving/own-certificate.ts';
import { openStorage } from './open-storage.ts';
import { PostStartHooks } from './post-start.ts';
import { priorityAndFairness } from './priority-and-fairness.ts';
import { serveResources } from './served-resources.ts';
import { showServer } from './server-metrics.ts';
import { ServingTls } from './serving/serving-tls.ts';
import { Shutdown } from './shutdown.ts';
import { structuredAuthorization } from './structured/authorization.ts';

export interface RunningApiserver {
  port: number;
  url: string;
  /** Post-start hooks are done and /readyz says ok. */
  ready: Promise<void>;
  stop(): Promise<void>;
}

const repairIntervalMs = 180_000;

export async function startApiserver(
  given: Partial<ApiserverOptions>,
  signal?: AbortSignal,
  logger: Logger = stderrLogger,
): Promise<RunningApiserver> {
  const options = await withServingCertificate({ ...defaultOptions, ...given });
  checkOptions(options);
  const featureGates = parseFeatureGates(options.featureGates);
  for (const name of featureGates.ineffective) logger.warn({ name }, 'this feature gate changes nothing here');
  const stopping = new AbortController();
  const now = (): Date => new Date();
  const report = (error: unknown): void => logger.error({ error: (error as Error).message }, 'background work failed');
  const files = await readFiles(options);
  const tracing = await openTracing(options, logger);
  const root = `/${options.etcdPrefix.replace(/^\/|\/$/g, '')}/`;
  const encryption = await Encryption.open(options, root, report);
  const usesEtcd = options.etcdServers.length > 0;
  const opened = await openStorage(options);
  const metrics = new ApiMetrics();
  const folders = new Folders(root);
  const resourceOf = (key: string) => folders.of(key);
  const measured = new StorageMetrics(metrics.registry, resourceOf).measured(opened);
  const stored = tracing?.storage(measured, usesEtcd ? 'etcd3' : 'embedded', root) ?? measured;
  const storage = encryption.wrap(stored, usesEtcd);
  const cachers = new CacherGroup(storage, root);
  watchCachers(metrics.registry, cachers, resourceOf);
  const isServed = servedVersions(options.runtimeConfig, servedByDefault);
  const registry = loopbackRegistry(now, stopping.signal);
  const identity = buildIdentity(options, files, registry, logger);
  const { authentication, serviceAccounts } = identity;

  const nodes = new NodeConnector({
    registry,
    tls: {
      ...(files.kubeletCa === undefined ? {} : { ca: files.kubeletCa }),
      ...(files.kubeletCert === undefined ? {} : { cert: files.kubeletCert }),
      ...(files.kubeletKey === undefined ? {} : { key: files.kubeletKey }),
    },
    preferredAddressTypes: options.kubeletPreferredAddressTypes,
    defaultPort: options.kubeletPort,
  });
  // Resources and authorization need each other; requests come only when both are there.
  const authorizer: Authorizer = { authorize: (attributes) => authorization.authorize(attributes) };
  const dependencies: RegistryDependencies = {
    serviceClusterIPRange: options.serviceClusterIpRange,
    nodePortRange: options.serviceNodePortRange,
    eventTtlSeconds: options.eventTtlSeconds,
    registry,
    authentication: {
      tokenReview: (token, audiences) => reviewToken(authentication, token, audiences),
      issueToken(account, request, context) {
        if (identity.issueToken === undefined) throw serviceUnavailable('no key to sign service account tokens with');
        return identity.issueToken(account, request, context);
      },
    },
    authorization: {
      authorizer,
      rules: { rulesFor: (user, namespace) => authorization.rulesFor(user, namespace) },
      confirmNoEscalation: (...asked) => authorization.confirmNoEscalation(...asked),
      confirmBind: (...asked) => authorization.confirmBind(...asked),
    },
    componentStatus: () => componentHealth(storageCheck),
    resolveKind: (kind) => objects.params(kind)?.resource,
    ranges: storageRanges(storage, options.serviceNodePortRange),
  };
  const served = serveResources({
    isServed,
    registrations: resourceRegistrations(dependencies)
      .map((each) =>
        each.resource.resource === 'componentstatuses'
          ? { ...each, virtualList: () => listComponentStatuses(dependencies) }
          : each,
      )
      .map((each) => (options.allowPrivileged ? each : withoutPrivileged(each))),
    storageFor: (prefix) => cachers.for(prefix),
    root,
    connectHandlers: {
      ...podStreams({ registry, nodes, authorizer }),
      ...proxies({ registry, nodes, random: Math.random }),
    },
  });
  for (const store of served.stores.values()) {
    registry.addStore(store);
    encryption.folder(store.definition.prefix, store.definition.resource);
    folders.add(store.definition.prefix, store.definition.resource);
  }
  const fieldManager = fieldManagers({
    decode: (value, kind) => custom.decode(value, kind) ?? served.decode(value, kind),
    customVersions: (kind) => custom.find(kind)?.versions,
    now,
  });
  registry.trackFields(storeFieldManagers(served.endpoints, fieldManager));

  const source = objectSource((resource) => registry.store(resource), logger);
  const self = (): { host: string; port: number } => ({ host: loopbackHost(options.bindAddress), port });
  const resolveService = serviceResolver(options, registry, self);
  const webhookClients = new WebhookClients(resolveService);
  const custom = new CustomResources({
    registry,
    source,
    cachers,
    root,
    now,
    report,
    webhooks: webhookClients,
    metrics: new RuleMetrics(metrics.registry),
  });
  const { aggregator, documents, ...aggregation } = buildAggregation(options, files, {
    registry,
    source,
    isServed,
    custom: customDocuments(custom),
    resolve: resolveService,
    metrics: metrics.registry,
    logger,
    now,
    report,
  });
  const sources = { rbacSource: source, nodeGraphSource: source };
  const authorization = structuredAuthorization(options, sources, logger);
  const decode: ObjectDecoder = (value, kind) => custom.decode(value, kind) ?? served.decode(value, kind);
  const objects = admissionObjects({ endpoints: served.endpoints, custom: () => custom, decode });
  const admissionMetrics = new AdmissionMetrics(metrics.registry);
  const plugins = admissionPlugins(
    {
      registry: registry.informed,
      authorizer,
      source,
      clients: webhookClients,
      objects,
      now,
      random: Math.random,
      tolerationSeconds: {
        notReady: options.defaultNotReadyTolerationSeconds,
        unreachable: options.defaultUnreachableTolerationSeconds,
      },
      metrics: admissionMetrics,
    },
    { enable: options.enableAdmissionPlugins, disable: options.disableAdmissionPlugins },
  ).map((plugin) => admissionMetrics.measured(plugin));
  const handlers: HandlerDependencies = {
    registry,
    admission: {
      mutate: (attributes) => admissionMetrics.step('admit', attributes, runMutating(plugins, attributes)),
      validate: (attributes) => admissionMetrics.step('validate', attributes, runValidating(plugins, attributes)),
    },
    authorizer,
    decode,
    knowsKind: (kind) => served.knowsKind(kind) || custom.find(kind) !== undefined,
    isUntyped: (kind) => custom.find(kind) !== undefined,
    strategicMerge(original, patch, kind) {
      if (custom.find(kind) !== undefined) throw noStrategicMerge();
      return served.strategicMerge(original, patch, kind);
    },
    fieldManager,
    watched: (context) => metrics.watch(context),
    minRequestTimeoutSeconds: options.minRequestTimeoutSeconds,
    random: Math.random,
    now,
  };
  const router = new ResourceRouter(served.endpoints, handlers, (apiVersion) => custom.endpoints(apiVersion));

  const audit = await openAuditLog(options, metrics.registry, logger);
  const fairness = priorityAndFairness({
    options,
    metrics: metrics.registry,
    registry,
    source,
    sizeOf: (resource) =>
      cachers.size(
        served.stores.get(resourceKey(resource))?.definition.prefix ?? `${root}${resource.group}/${resource.resource}/`,
      ),
    now,
    report,
  });

  let port = options.securePort;
  const address = advertisedAddress(options);
  const serverAddress = (): string => `${address.includes(':') ? `[${address}]` : address}:${port}`;
  let kubernetesService: KubernetesServiceController | undefined;
  let roleAggregation: ReturnType<typeof startClusterRoleAggregation> | undefined;
  /** Ended before requests are refused. */
  const identityLease: { stop(): Promise<void> }[] = [];
  let repairTimer: NodeJS.Timeout | undefined;
  const namespaces = 'start-system-namespaces-controller';
  let customStart: Promise<void> | undefined;
  const customResourcesStarted = (): Promise<void> => (customStart ??= custom.start());
  const hooks = new PostStartHooks([
    { name: 'start-authorization', run: () => authorization.ready },
    ...fairness.hooks,
    { name: 'generic-apiserver-start-informers', run: () => authorization.ready },
    { name: 'start-apiserver-admission-initializer', run: () => authorization.ready },
    ...['start-apiextensions-informers', 'start-apiextensions-controllers', 'crd-informer-synced'].map((name) => ({
      name,
      run: customResourcesStarted,
    })),
    { name: namespaces, run: () => ensureSystemNamespaces(registry) },
    { name: 'rbac/bootstrap-roles', after: [namespaces], run: () => ensureBootstrapPolicy(registry) },
    ...(featureGates.enabled('APIServerIdentity')
      ? ([
          ['start-kube-apiserver-identity-lease-controller', startIdentityLease],
          ['start-kube-apiserver-identity-lease-garbage-collector', startIdentityLeaseCollector],
        ] as const)
      : []
    ).map(([name, start]) => ({
      name,
      after: [namespaces],
      run: () => Promise.resolve(identityLease.push(start({ registry, now, report }))),
    })),
    {
      name: 'start-legacy-token-tracking-controller',
      after: [namespaces],
      run: () => ensureLegacyTokenTracking(registry, now()),
    },
    { name: 'scheduling/bootstrap-system-priority-classes', run: () => ensurePriorityClasses(registry) },
    {
      name: 'start-kubernetes-service-cidr-controller',
      run: () => ensureDefaultServiceCidr(registry, ranges(options), now()),
    },
    {
      name: 'start-service-ip-repair-controllers',
      after: ['start-kubernetes-service-cidr-controller'],
      async run() {
        const repair = new ServiceAllocationRepair(dependencies);
        await repair.run(now());
        repairTimer = setInterval(() => void repair.run(now()).catch(report), repairIntervalMs);
        repairTimer.unref();
      },
    },
    {
      name: 'bootstrap-controller',
      after: [namespaces, 'start-service-ip-repair-controllers'],
      async run() {
        const { serviceClusterIpRange } = options;
        kubernetesService = await startKubernetesService({
          registry,
          storage,
          root,
          serviceClusterIpRange,
          address,
          port,
          nodePort: options.kubernetesServiceNodePort,
          endpoints: options.endpointReconcilerType !== 'none',
          report,
        });
      },
    },
    {
      name: 'start-cluster-role-aggregation',
      after: ['rbac/bootstrap-roles'],
      async run() {
        roleAggregation = startClusterRoleAggregation(source, registry, report);
        await roleAggregation.ready;
      },
    },
    ...aggregation.hooks,
  ]);

  const shutdown = new Shutdown(options);
  const storageCheckWithin = (name: string, limitMs: number): HealthCheck => ({
    name,
    check: async () => void (await storage.currentRevision(AbortSignal.timeout(limitMs))),
  });
  const storageCheck = storageCheckWithin('etcd', options.etcdHealthcheckTimeoutMs);
  const basic: HealthCheck[] = [{ name: 'ping', check() {} }, { name: 'log', check() {} }, storageCheck];
  if (encryption.checked) basic.push({ name: 'kms-providers', check: () => encryption.check() });
  metrics.watchObjectCounts(async () => {
    const stores = [...served.stores].map(
      async ([name, store]) => [name, await storage.count(store.definition.prefix)] as const,
    );
    return new Map(await Promise.all(stores));
  });
  if (storage.size !== undefined) metrics.watchStorageSize(options.etcdServers[0] ?? 'embedded', () => storage.size!());
  metrics.showVersion(versionInfo());
  showServer(metrics.registry, featureGates, kubernetesVersion);
  const zpages = new ZPages({
    binaryVersion: kubernetesVersion.gitVersion.replace(/^v/, ''),
    emulationVersion: `${kubernetesVersion.major}.${kubernetesVersion.minor}`,
    runtimeVersion: process.version,
    started: now(),
    now,
    flags: () => flagValues(options),
    random: Math.random,
  });
  const healthMetrics = new HealthMetrics();
  const nonResource = new NonResourceHandler({
    version: versionInfo(),
    healthMetrics,
    health: [
      new HealthEndpoint('healthz', [...basic, ...hooks.checks(), aggregation.check], healthMetrics),
      new HealthEndpoint('livez', [...basic, ...hooks.checks(), aggregation.check], healthMetrics),
      new HealthEndpoint(
        'readyz',
        [
          ...basic,
          storageCheckWithin('etcd-readiness', options.etcdReadycheckTimeoutMs),
          {
            ...hooks.checks().find(({ name }) => name.endsWith('generic-apiserver-start-informers'))!,
            name: 'informer-sync',
          },
          ...hooks.checks(),
          aggregation.check,
          shutdown.check,
        ],
        healthMetrics,
      ),
    ],
    metrics,
    openIdConfiguration: () => serviceAccounts?.openIdConfiguration(options.externalHostname ?? serverAddress()),
    jwks: () => serviceAccounts?.jwks(),
    groups: new Set(served.endpoints.map(({ group }) => group)),
    apiVersions: new Set(served.endpoints.map(({ apiVersion }) => apiVersion)),
    documents: [
      new DiscoveryHandler(isServed, serverAddress, documents),
      new OpenApiHandler(isServed, documents),
      zpages,
      ...(fairness.dumps === undefined ? [] : [fairness.dumps]),
    ],
  });
  const chain = buildHandlerChain(
    async (context) => {
      const remote = aggregator.route(context);
      if (remote !== undefined) return remote(context);
      if (!context.info.isResourceRequest) return nonResource.handle(context);
      const handler = router.route(context);
      if (handler === undefined) return nonResource.notFound(context);
      return tracing === undefined ? handler(context) : tracing.handle(context, handler);
    },
    {
      authenticator: authentication,
      audiences: authentication.audiences,
      frontProxyHeaders: frontProxyHeaders(options),
      impersonate,
      authorizer,
      metrics,
      requestMetrics: new RequestMetrics(metrics.registry),
      logger,
      goawayChance: options.goawayChance,
      corsAllowedOrigins: options.corsAllowedOrigins,
      strictTransportSecurityDirectives: options.strictTransportSecurityDirectives,
      requestTimeoutMs: options.requestTimeoutMs,
      shutdown: shutdown.filter(),
      audit,
      tracing,
      flowControl: fairness.control,
      maxRequestsInFlight: options.maxRequestsInflight,
      maxMutatingRequestsInFlight: options.maxMutatingRequestsInflight,
    },
  );
  const app = createApp(chain, { cbor: featureGates.enabled('CBORServingAndStorage') });
  const handshakeErrors = metrics.registry.counter(
    'apiserver_tls_handshake_errors_total',
    'ALPHA',
    "Number of requests dropped with 'TLS handshake error from' error",
  );
  const tls = new ServingTls(options, files.named);
  const server = httpsServer(app, tls, files, !options.disableHttp2Serving);
  server.on('tlsClientError', () => handshakeErrors.with().inc());
  const http2 = options.disableHttp2Serving
    ? undefined
    : serveHttp2(server, app, { maxStreams: options.http2MaxStreamsPerConnection });

  const stopFollowing = followCertificates(
    options,
    files,
    { server, tls, authentication, aggregator, aggregation },
    logger,
  );
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= shutDown());
  const shutDown = async (): Promise<void> => {
    await shutdown.initiate(async () => {
      await hooksDone.catch(() => undefined);
      clearInterval(repairTimer);
      await Promise.all([kubernetesService, ...identityLease].map(async (each) => each?.stop().catch(report)));
    });
    const drain = () => app.drain(options.requestTimeoutMs, options.shutdownWatchTerminationGracePeriodMs);
    if (options.shutdownSendRetryAfter) await drain();
    stopFollowing();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    http2?.close();
    if (!options.shutdownSendRetryAfter) await drain();
    await roleAggregation?.stop();
    await aggregation.stop();
    await custom.stop();
    await fairness.stop();
    server.closeAllConnections();
    http2?.destroy();
    await closed;
    await audit?.close();
    nodes.close();
    authorization.stop();
    identity.stop();
    for (const plugin of plugins) plugin.stop?.();
    webhookClients.close();
    stopping.abort(new Error('the server has stopped'));
    await cachers.close();
    await storage.close();
    encryption.close();
    await tracing?.close();
  };

  try {
    port = await listen(server, options.securePort, options.bindAddress, options.permitPortSharing);
  } catch (error) {
    stopFollowing();
    authorization.stop();
    identity.stop();
    for (const plugin of plugins) plugin.stop?.();
    await cachers.close();
    await storage.close();
    throw error;
  }
  const hooksDone = hooks.run();
  const ready = hooksDone.then(() => aggregator.allRegistered);
  ready.catch((error: unknown) => {
    if (!shutdown.initiated) logger.error({ error: (error as Error).message }, 'a post-start hook failed');
  });
  if (signal?.aborted === true) await stop();
  else signal?.addEventListener('abort', () => void stop(), { once: true });
  const host = loopbackHost(options.bindAddress);
  return { port, url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, ready, stop };
}

/** Without one of its own files, the server makes itself a certificate. */
async function withServingCertificate(options: ApiserverOptions): Promise<ApiserverOptions> {
  if (options.tlsCertFile !== undefined || options.tlsPrivateKeyFile !== undefined) return options;
  const { bindAddress } = options;
  const everywhere = bindAddress === '0.0.0.0' || bindAddress === '::';
  const files = await ensureServingCertificate(options.certDir, {
    names: ['kubernetes.default.svc', 'kubernetes.default', 'kubernetes', ...(everywhere ? ['localhost'] : [])],
    addresses: [
      ...new Set([
        advertisedAddress(options),
        kubernetesServiceIp(options.serviceClusterIpRange),
        ...(everywhere ? [] : [bindAddress]),
      ]),
    ],
  });
  return { ...options, ...files };
}

function checkOptions({ endpointReconcilerType }: ApiserverOptions): void {
  if (endpointReconcilerType !== 'lease' && endpointReconcilerType !== 'none') {
    throw new Error(`--endpoint-reconciler-type ${endpointReconcilerType}: there are lease and none`);
  }
}

async function openTracing(options: ApiserverOptions, logger: Logger): Promise<Tracing | undefined> {
  if (options.tracingConfigFile === undefined) return undefined;
  const { openTracing } = await import('../tracing/tracing.ts');
  return openTracing(options.tracingConfigFile, logger);
}

/** Where this machine reaches the server. */
function loopbackHost(bindAddress: string): string {
  return bindAddress === '0.0.0.0' || bindAddress === '::' ? '127.0.0.1' : bindAddress;
}

function ranges(options: ApiserverOptions): string[] {
  return options.serviceClusterIpRange.split(',').map((range) => range.trim());
}

function versionInfo(): Record<string, string> {
  const { major, minor, gitVersion } = kubernetesVersion;
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: process.version,
    compiler: 'v8',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}
