/** The composition root: puts storage, registries, authentication, authorization and endpoints together and serves them. */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { kubernetesVersion, servedByDefault } from '@typernetes/openapi/catalogue';
import { admissionPlugins, runMutating, runValidating } from '../admission/index.ts';
import { buildAuthenticator, impersonate, ServiceAccountTokens, tokenIssuer } from '../authentication/index.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import {
  buildAuthorizer,
  ensureBootstrapPolicy,
  parseAuthorizationModes,
  startClusterRoleAggregation,
} from '../authorization/index.ts';
import { createApp } from '../endpoints/app.ts';
import { DiscoveryHandler } from '../endpoints/discovery/discovery-handler.ts';
import { OpenApiHandler } from '../endpoints/discovery/openapi-handler.ts';
import { type HealthCheck, HealthEndpoint } from '../endpoints/health.ts';
import { ApiMetrics } from '../endpoints/metrics.ts';
import { NonResourceHandler, notFoundText } from '../endpoints/non-resource.ts';
import type { Logger } from '../endpoints/request-context.ts';
import type { AdmissionChain } from '../endpoints/resource-endpoint.ts';
import { ResourceRouter } from '../endpoints/resource-router.ts';
import { sendText } from '../endpoints/respond.ts';
import { NodeConnector } from '../endpoints/streaming/node-connection.ts';
import { podStreams } from '../endpoints/streaming/pod-streams.ts';
import { proxies } from '../endpoints/streaming/proxies.ts';
import { loopbackRegistry } from '../registry/generic/loopback.ts';
import { CacherGroup } from '../storage/cacher/index.ts';
import { type ApiserverOptions, advertisedAddress, defaultOptions, servedVersions } from './config.ts';
import { buildHandlerChain } from './handler-chain.ts';
import {
  ensureDefaultServiceCidr,
  ensurePriorityClasses,
  ensureSystemNamespaces,
  type KubernetesServiceController,
  startKubernetesService,
} from './hooks/index.ts';
import { objectSource } from './object-source.ts';
import { openStorage } from './open-storage.ts';
import { serveResources } from './served-resources.ts';

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
  const options: ApiserverOptions = { ...defaultOptions, ...given };
  const stopping = new AbortController();
  const now = (): Date => new Date();
  const read = (file: string | undefined): Promise<string | undefined> =>
    file === undefined ? Promise.resolve(undefined) : readFile(file, 'utf8');

  const files = {
    cert: await read(options.tlsCertFile),
    key: await read(options.tlsPrivateKeyFile),
    clientCa: await read(options.clientCaFile),
    frontProxyCa: await read(options.requestheaderClientCaFile),
    tokens: await read(options.tokenAuthFile),
    signingKey: await read(options.serviceAccountSigningKeyFile),
    kubeletCa: await read(options.kubeletCertificateAuthority),
    kubeletCert: await read(options.kubeletClientCertificate),
    kubeletKey: await read(options.kubeletClientKey),
    verificationKeys: await Promise.all(options.serviceAccountKeyFile.map((file) => readFile(file, 'utf8'))),
  };
  if (files.cert === undefined || files.key === undefined) {
    throw new Error('--tls-cert-file and --tls-private-key-file are required');
  }
  const storage = await openStorage(options);
  const root = `/${options.etcdPrefix.replace(/^\/|\/$/g, '')}/`;
  const cachers = new CacherGroup(storage, root);
  const isServed = servedVersions(options.runtimeConfig, servedByDefault);
  const registry = loopbackRegistry(now, stopping.signal);

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
  // Resources, authorization and authentication need each other; requests come only when all are there.
  const authorizer: Authorizer['authorize'] = (attributes) => authorization.authorize(attributes);
  const served = serveResources({
    isServed,
    registrations: [],
    storageFor: (prefix) => cachers.for(prefix),
    root,
    connectHandlers: {
      ...podStreams({ registry, nodes, authorizer: { authorize: authorizer } }),
      ...proxies({ registry, nodes, random: Math.random }),
    },
  });
  for (const store of served.stores.values()) registry.addStore(store);

  const serviceAccounts =
    files.signingKey === undefined && files.verificationKeys.length === 0
      ? undefined
      : new ServiceAccountTokens({
          issuers:
            options.serviceAccountIssuer.length > 0
              ? options.serviceAccountIssuer
              : ['https://kubernetes.default.svc.cluster.local'],
          audiences: options.apiAudiences,
          ...(files.signingKey === undefined ? {} : { signingKey: files.signingKey }),
          verificationKeys: files.verificationKeys,
          registry,
          ...(options.serviceAccountJwksUri === undefined ? {} : { jwksUri: options.serviceAccountJwksUri }),
        });
  const authentication = buildAuthenticator({
    ...(files.clientCa === undefined ? {} : { clientCA: files.clientCa }),
    ...(files.frontProxyCa === undefined
      ? {}
      : {
          frontProxy: {
            ca: files.frontProxyCa,
            allowedNames: options.requestheaderAllowedNames,
            headers: {
              username: options.requestheaderUsernameHeaders,
              uid: options.requestheaderUidHeaders,
              group: options.requestheaderGroupHeaders,
              extraPrefixes: options.requestheaderExtraHeadersPrefix,
            },
          },
        }),
    ...(files.tokens === undefined ? {} : { tokenFile: { text: files.tokens, file: options.tokenAuthFile! } }),
    ...(serviceAccounts === undefined ? {} : { serviceAccounts }),
    ...(options.enableBootstrapTokenAuth ? { bootstrapTokens: { registry } } : {}),
    ...(options.apiAudiences.length > 0 ? { audiences: options.apiAudiences } : {}),
    anonymous: { enabled: options.anonymousAuth },
  });
  const source = objectSource((resource) => registry.store(resource), logger);
  const authorization = buildAuthorizer({
    modes: parseAuthorizationModes(options.authorizationMode),
    rbacSource: source,
    nodeGraphSource: source,
  });

  const plugins = admissionPlugins(
    { registry, authorizer: authorization, source, now, random: Math.random },
    { enable: options.enableAdmissionPlugins, disable: options.disableAdmissionPlugins },
  );
  const admission: AdmissionChain = {
    mutate: (attributes) => runMutating(plugins, attributes),
    validate: (attributes) => runValidating(plugins, attributes),
  };
  const metrics = new ApiMetrics();
  const router = new ResourceRouter(served.endpoints, {
    registry,
    admission,
    authorizer: authorization,
    decode: (value, kind) => served.decode(value, kind),
    knowsKind: (kind) => served.knowsKind(kind),
    strategicMerge: (original, patch, kind) => served.strategicMerge(original, patch, kind),
    minRequestTimeoutSeconds: options.minRequestTimeoutSeconds,
    random: Math.random,
    now,
  });

  const hooks = new Map<string, 'running' | 'done'>();
  let shuttingDown = false;
  const ping: HealthCheck = { name: 'ping', check() {} };
  const log: HealthCheck = { name: 'log', check() {} };
  const etcd: HealthCheck = {
    name: 'etcd',
    check: async () => void (await storage.currentRevision(AbortSignal.timeout(2000))),
  };
  const health = [
    new HealthEndpoint('healthz', [ping, log, etcd]),
    new HealthEndpoint('livez', [ping, log, etcd]),
    new HealthEndpoint('readyz', [ping, log, etcd, { ...etcd, name: 'etcd-readiness' }]),
  ];
  const hookCheck = (name: string): HealthCheck => ({
    name: `poststarthook/${name}`,
    check() {
      if (hooks.get(name) !== 'done') throw new Error('not finished');
    },
  });

  let port = options.securePort;
  const address = advertisedAddress(options);
  const serverAddress = (): string => `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const { major, minor, gitVersion } = kubernetesVersion;
  const nonResource = new NonResourceHandler({
    version: {
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
    },
    health,
    metrics,
    openIdConfiguration: () => serviceAccounts?.openIdConfiguration(options.externalHostname ?? serverAddress()),
    jwks: () => serviceAccounts?.jwks(),
    documents: [new DiscoveryHandler(isServed, serverAddress), new OpenApiHandler(isServed)],
  });

  const chain = buildHandlerChain(
    async (context) => {
      if (!context.info.isResourceRequest) return nonResource.handle(context);
      const handler = router.route(context);
      if (handler === undefined) return sendText(context, 404, notFoundText);
      return handler(context);
    },
    {
      authenticator: authentication,
      audiences: authentication.audiences,
      frontProxyHeaders: [
        ...options.requestheaderUsernameHeaders,
        ...options.requestheaderUidHeaders,
        ...options.requestheaderGroupHeaders,
        ...options.requestheaderExtraHeadersPrefix.map((prefix) => `${prefix}*`),
      ].map((name) => name.toLowerCase()),
      impersonate,
      authorizer: authorization,
      metrics,
      logger,
      requestTimeoutMs: options.requestTimeoutMs,
      maxRequestsInFlight: options.maxRequestsInflight,
      maxMutatingRequestsInFlight: options.maxMutatingRequestsInflight,
    },
  );
  const app = createApp(chain);
  const clientCas = [files.clientCa, files.frontProxyCa].filter((ca): ca is string => ca !== undefined);
  const server = createServer(
    {
      cert: files.cert,
      key: files.key,
      ...(clientCas.length > 0 ? { ca: clientCas } : {}),
      // Certificates are asked for and judged by the authenticators: a bad one is a 401, not a broken handshake.
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      keepAliveTimeout: 180_000,
      headersTimeout: 32_000,
      requestTimeout: 0,
      noDelay: true,
      // Other upgrades (h2c) are declined by answering as if they had not been asked for.
      shouldUpgradeCallback: (request) => /websocket|spdy/i.test(request.headers.upgrade ?? ''),
    },
    app.express,
  );
  server.maxHeadersCount = 2000;
  server.on('upgrade', (request, socket, head) => app.upgrade(request, socket, head));
  server.on('clientError', (_, socket) => socket.destroy());
  server.on('tlsClientError', (_, socket) => socket.destroy());
  port = await listen(server, options.securePort, options.bindAddress);

  let kubernetesService: KubernetesServiceController | undefined;
  let aggregation: ReturnType<typeof startClusterRoleAggregation> | undefined;
  const report = (error: unknown): void => logger.error({ error: (error as Error).message }, 'background work failed');
  const postStart: [string, () => Promise<unknown>][] = [
    ['start-system-namespaces-controller', () => ensureSystemNamespaces(registry)],
    ['rbac/bootstrap-roles', () => ensureBootstrapPolicy(registry)],
    ['scheduling/bootstrap-system-priority-classes', () => ensurePriorityClasses(registry)],
    [
      'start-kubernetes-service-cidr-controller',
      () =>
        ensureDefaultServiceCidr(
          registry,
          options.serviceClusterIpRange.split(',').map((each) => each.trim()),
          now(),
        ),
    ],
    [
      'bootstrap-controller',
      async () => {
        kubernetesService = await startKubernetesService({
          registry,
          storage,
          root,
          serviceClusterIpRange: options.serviceClusterIpRange,
          address,
          port,
          report,
        });
      },
    ],
    [
      'start-cluster-role-aggregation',
      async () => {
        aggregation = startClusterRoleAggregation(source, registry, report);
        await aggregation.ready;
      },
    ],
    ['start-authorization', () => authorization.ready],
  ];
  for (const [name] of postStart) {
    hooks.set(name, 'running');
    for (const endpoint of health) endpoint.add(hookCheck(name));
  }
  health[2]!.add({
    name: 'shutdown',
    check() {
      if (shuttingDown) throw new Error('process is shutting down');
    },
  });
  const runHook = async ([name, hook]: (typeof postStart)[number]): Promise<void> => {
    await hook();
    hooks.set(name, 'done');
  };
  const ready = (async () => {
    await runHook(postStart[0]!);
    await Promise.all(postStart.slice(1).map(runHook));
  })();
  ready.catch((error: unknown) => {
    if (!shuttingDown) logger.error({ error: (error as Error).message }, 'a post-start hook failed');
  });

  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopped ??= (async () => {
      shuttingDown = true;
      if (options.shutdownDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, options.shutdownDelayMs));
      await ready.catch(() => undefined);
      await kubernetesService?.stop().catch(report);
      await aggregation?.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await app.drain(options.requestTimeoutMs);
      server.closeAllConnections();
      await closed;
      nodes.close();
      authorization.stop();
      stopping.abort(new Error('the server has stopped'));
      await cachers.close();
      await storage.close();
    })());
  signal?.addEventListener('abort', () => void stop(), { once: true });
  if (signal?.aborted === true) await stop();
  void tokenIssuer;
  const host = options.bindAddress === '0.0.0.0' || options.bindAddress === '::' ? '127.0.0.1' : options.bindAddress;
  return { port, url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`, ready, stop };
}

function listen(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

export const stderrLogger: Logger = {
  info: (fields, message) => write('info', fields, message),
  warn: (fields, message) => write('warn', fields, message),
  error: (fields, message) => write('error', fields, message),
};

function write(level: string, fields: object, message: string): void {
  process.stderr.write(`${JSON.stringify({ level, time: new Date().toISOString(), msg: message, ...fields })}\n`);
}
