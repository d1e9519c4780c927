/** The composition root: puts storage, registries, authentication, authorization and endpoints together and serves them. */
import { kubernetesVersion, servedByDefault } from '@typernetes/openapi/catalogue';
import { trust } from '@typernetes/openapi/client';
import { openAuditLog } from '../audit/index.ts';
import { impersonate } from '../authentication/index.ts';
import type { Authorizer } from '../authorization/index.ts';
import { withCors } from '../endpoints/filters/origins.ts';
import { ApiMetrics } from '../endpoints/metrics.ts';
import type { Logger } from '../endpoints/request-context.ts';
import { RequestMetrics } from '../endpoints/request-metrics.ts';
import type { HandlerDependencies, ObjectDecoder } from '../endpoints/resource-endpoint.ts';
import { ResourceRouter } from '../endpoints/resource-router.ts';
import { NodeConnector } from '../endpoints/streaming/node-connection.ts';
import { podStreams } from '../endpoints/streaming/pod-streams.ts';
import { proxies } from '../endpoints/streaming/proxies.ts';
import { CustomResources, customDocuments, noStrategicMerge, RuleMetrics } from '../extensions/index.ts';
import { restClientMetrics } from '../metrics/index.ts';
import { resourceKey } from '../registry/generic/definition.ts';
import { loopbackRegistry } from '../registry/generic/loopback.ts';
import type { Tracing } from '../tracing/index.ts';
import { WebhookClients } from '../webhooks/index.ts';
import { admissionObjects } from './admission-objects.ts';
import { admissionSelection } from './admission-selection.ts';
import { buildAggregation, serviceResolver } from './aggregation.ts';
import { buildAdmission } from './build-admission.ts';
import { type ApiserverOptions, advertisedAddress, defaultOptions, servedVersions } from './config.ts';
import { parseFeatureGates } from './feature-gates.ts';
import { fieldManagers, storeFieldManagers } from './field-managers.ts';
import { readFiles } from './files.ts';
import { servedWithGates } from './gated-versions.ts';
import { buildHandlerChain } from './handler-chain.ts';
import { clusterHooks } from './hooks/index.ts';
import { buildIdentity, frontProxyHeaders } from './identity.ts';
import { stderrLogger } from './logger.ts';
import { metricRestrictions } from './metric-restrictions.ts';
import { nonResourceRequests } from './non-resource-requests.ts';
import { objectSource } from './object-source.ts';
import { PostStartHooks } from './post-start.ts';
import { priorityAndFairness } from './priority-and-fairness.ts';
import { registrations, registryDependencies } from './registry-dependencies.ts';
import { secureServing } from './secure-serving.ts';
import { serveResources } from './served-resources.ts';
import { showServer } from './server-metrics.ts';
import { withServingCertificate } from './serving/own-certificate.ts';
import { ServingTls } from './serving/serving-tls.ts';
import { Shutdown } from './shutdown.ts';
import { openStoredData, storageChecks } from './stored-data.ts';
import { structuredAuthorization } from './structured/authorization.ts';
import { checkTokenSigning, tokenSigning } from './token-signing.ts';

export interface RunningApiserver {
  port: number;
  url: string;
  /** Post-start hooks are done and /readyz says ok. */
  ready: Promise<void>;
  stop(): Promise<void>;
}

export async function startApiserver(
  given: Partial<ApiserverOptions>,
  signal?: AbortSignal,
  logger: Logger = stderrLogger,
): Promise<RunningApiserver> {
  const options = await withServingCertificate({ ...defaultOptions, ...given });
  checkOptions(options);
  checkTokenSigning(options);
  const featureGates = parseFeatureGates(options.featureGates);
  for (const name of featureGates.ineffective) logger.warn({ name }, 'this feature gate changes nothing here');
  const stopping = new AbortController();
  const now = (): Date => new Date();
  const report = (error: unknown): void => logger.error({ error: (error as Error).message }, 'background work failed');
  const files = await readFiles(options);
  const tls = new ServingTls(options, files.named);
  const origins = options.corsAllowedOrigins.length > 0 ? withCors(options.corsAllowedOrigins) : undefined;
  const selection = admissionSelection(options);
  const tracing = await openTracing(options, logger);
  const metrics = new ApiMetrics();
  metrics.registry.restrict(await metricRestrictions(options));
  const signing = await tokenSigning(options, metrics.registry, logger);
  const data = await openStoredData(options, { metrics: metrics.registry, tracing, report }).catch((error: unknown) => {
    signing.close();
    throw error;
  });
  const { storage, cachers, root } = data;
  const [storageCheck] = storageChecks(data, options.etcdHealthcheckTimeoutMs);
  const isServed = servedWithGates(servedVersions(options.runtimeConfig, servedByDefault), featureGates);
  const registry = loopbackRegistry(now, stopping.signal);
  const identity = buildIdentity(options, files, registry, metrics.registry, signing, logger);
  const { authentication, serviceAccounts } = identity;

  const nodes = new NodeConnector({
    registry,
    tls: {
      ...trust(files.kubeletCa),
      ...(files.kubeletCert === undefined ? {} : { cert: files.kubeletCert }),
      ...(files.kubeletKey === undefined ? {} : { key: files.kubeletKey }),
    },
    preferredAddressTypes: options.kubeletPreferredAddressTypes,
    defaultPort: options.kubeletPort,
  });
  // Resources and authorization need each other; requests come only when both are there.
  const authorizer: Authorizer = { authorize: (attributes) => authorization.authorize(attributes) };
  const dependencies = registryDependencies({
    options,
    registry,
    storage,
    storageCheck,
    metrics: metrics.registry,
    identity,
    authorizer,
    authorization: () => authorization,
    resolveKind: (kind) => objects.params(kind)?.resource,
  });
  const served = serveResources({
    isServed,
    registrations: registrations(dependencies, options),
    storageFor: (prefix, resource) => cachers.for(prefix, resource),
    root,
    connectHandlers: {
      ...podStreams({ registry, nodes, authorizer }),
      ...proxies({ registry, nodes, random: Math.random }),
    },
  });
  for (const store of served.stores.values()) {
    registry.addStore(store);
    data.addFolder(store.definition);
  }
  const decode: ObjectDecoder = (value, kind, numbers) =>
    custom.decode(value, kind, numbers) ?? served.decode(value, kind, numbers);
  const fieldManager = fieldManagers({
    decode,
    customVersions: (kind) => custom.find(kind)?.versions,
    now,
  });
  registry.trackFields(storeFieldManagers(served.endpoints, fieldManager));

  const source = objectSource((resource) => registry.store(resource), logger);
  const self = (): { host: string; port: number } => ({ host: loopbackHost(options.bindAddress), port });
  const resolveService = serviceResolver(options, registry, self);
  const webhookClients = new WebhookClients(resolveService, restClientMetrics(metrics.registry));
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
  const objects = admissionObjects({ endpoints: served.endpoints, custom: () => custom, decode });
  const admission = buildAdmission(options, selection, metrics.registry, {
    registry: registry.informed,
    authorizer,
    source,
    clients: webhookClients,
    objects,
    now,
    featureGates,
  });
  const handlers: HandlerDependencies = {
    registry,
    admission: admission.phases,
    authorizer,
    decode,
    knowsKind: (kind) => served.knowsKind(kind) || custom.find(kind) !== undefined,
    isUntyped: (kind) => custom.find(kind) !== undefined,
    strategicMerge(original, patch, kind) {
      if (custom.find(kind) !== undefined) throw noStrategicMerge();
      return served.strategicMerge(original, patch, kind);
    },
    fieldManager,
    watched: (context) => tracing?.watch(context, metrics.watch(context)) ?? metrics.watch(context),
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
    sizesKnown: () => cachers.filled(),
    now,
    report,
  });

  let port = options.securePort;
  const address = advertisedAddress(options);
  const serverAddress = (): string => `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const cluster = clusterHooks({
    registries: dependencies,
    storage,
    root,
    featureGates,
    options,
    address,
    port: () => port,
    now,
    report,
  });
  let customStart: Promise<void> | undefined;
  const customResourcesStarted = (): Promise<void> => (customStart ??= custom.start());
  const hooks = new PostStartHooks([
    ...fairness.hooks,
    { name: 'generic-apiserver-start-informers', run: () => authorization.ready },
    { name: 'storage-readiness', run: () => cachers.filled() },
    { name: 'start-apiserver-admission-initializer', run: () => authorization.ready },
    ...['start-apiextensions-informers', 'start-apiextensions-controllers', 'crd-informer-synced'].map((name) => ({
      name,
      run: customResourcesStarted,
    })),
    ...cluster.hooks,
    ...aggregation.hooks,
  ]);

  const shutdown = new Shutdown(options);
  metrics.watchObjectCounts(() =>
    [...served.stores].map(([name, { definition }]) => [name, cachers.count(definition.prefix)] as const),
  );
  metrics.watchStorageSizes(
    [storage, ...data.others].flatMap((each) => (each.size === undefined ? [] : [() => each.size!()])),
  );
  showServer(metrics.registry, featureGates, kubernetesVersion);
  const nonResource = nonResourceRequests({
    options,
    metrics,
    health: {
      storage: (limitMs) => storageChecks(data, limitMs),
      others: data.encryption.checked ? [{ name: 'kms-providers', check: () => data.encryption.check() }] : [],
      hooks: hooks.checks(),
      aggregation: aggregation.check,
      shutdown: shutdown.check,
    },
    serviceAccounts,
    endpoints: served.endpoints,
    isServed,
    serverAddress,
    merged: documents,
    otherDocuments: fairness.dumps === undefined ? [] : [fairness.dumps],
    now,
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
      origins,
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
  const serving = secureServing({
    options,
    files,
    tls,
    chain,
    cbor: featureGates.enabled('CBORServingAndStorage'),
    metrics: metrics.registry,
    users: { authentication, aggregator, nodes, aggregation },
    logger,
  });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= shutDown());
  const shutDown = async (): Promise<void> => {
    await shutdown.initiate(async () => {
      await hooksDone.catch(() => undefined);
      await cluster.leave();
    });
    if (options.shutdownSendRetryAfter) await serving.drain();
    serving.close();
    if (!options.shutdownSendRetryAfter) await serving.drain();
    await aggregation.stop();
    await custom.stop();
    await fairness.stop();
    await serving.end();
    await audit?.close();
    nodes.close();
    authorization.stop();
    identity.stop();
    admission.stop();
    webhookClients.close();
    stopping.abort(new Error('the server has stopped'));
    await data.close();
    await tracing?.close();
  };

  try {
    port = await serving.listen();
  } catch (error) {
    serving.close();
    await audit?.close();
    nodes.close();
    authorization.stop();
    identity.stop();
    admission.stop();
    webhookClients.close();
    stopping.abort(error);
    await data.close();
    await tracing?.close();
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
