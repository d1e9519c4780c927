/** An API without sockets for tests: every built-in resource over embedded storage, static tokens, chosen rules. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { servedByDefault } from '@typernetes/openapi/catalogue';
import { fieldManagers } from '../../apiserver/field-managers.ts';
import { buildHandlerChain, type HandlerChainConfig } from '../../apiserver/handler-chain.ts';
import { type ServedResources, serveResources } from '../../apiserver/served-resources.ts';
import type { UserInfo } from '../../authentication/authenticator.ts';
import { impersonate } from '../../authentication/impersonation.ts';
import type { Authorizer } from '../../authorization/authorizer.ts';
import { loopbackRegistry } from '../../registry/generic/loopback.ts';
import type { RegistryReader } from '../../registry/generic/rest.ts';
import type { ConnectHandler, ResourceRegistration } from '../../registry/generic/strategy.ts';
import { CacherGroup } from '../../storage/cacher/index.ts';
import { EmbeddedStorage } from '../../storage/embedded/index.ts';
import { type ApiApp, createApp } from '../app.ts';
import { DiscoveryHandler } from '../discovery/discovery-handler.ts';
import { HealthEndpoint } from '../health.ts';
import { ApiMetrics } from '../metrics.ts';
import { NonResourceHandler } from '../non-resource.ts';
import { silentLogger } from '../request-context.ts';
import type { AdmissionChain } from '../resource-endpoint.ts';
import { ResourceRouter } from '../resource-router.ts';

export interface TestApi {
  app: ApiApp;
  served: ServedResources;
  registry: ReturnType<typeof loopbackRegistry>;
  close(): Promise<void>;
}

/** The same behind a socket, upgrades and all. */
export interface ServedTestApi extends TestApi {
  /** `http://HOST:PORT` */
  origin: string;
  websocketOrigin: string;
}

export interface TestApiOptions {
  registrations?: readonly ResourceRegistration[];
  admission?: AdmissionChain;
  chain?: Partial<HandlerChainConfig>;
  cbor?: boolean;
  connectHandlers?(registry: RegistryReader): Record<string, ConnectHandler>;
}

/** Bearer `admin` may do everything, bearer `nobody` nothing; anything else is a bad credential. */
const users: Record<string, UserInfo> = {
  admin: { name: 'admin', groups: ['system:masters', 'system:authenticated'] },
  nobody: { name: 'nobody', groups: ['system:authenticated'] },
};

const rules: Authorizer = {
  authorize: ({ user }) => Promise.resolve({ decision: user.name === 'nobody' ? 'noOpinion' : 'allow', reason: '' }),
};

export async function createTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const directory = await mkdtemp(path.join(tmpdir(), 'typernetes-api-'));
  const storage = await EmbeddedStorage.open(directory);
  const root = '/registry/';
  const cachers = new CacherGroup(storage, root);
  const stopping = new AbortController();
  const registry = loopbackRegistry(() => new Date(), stopping.signal);
  const served = serveResources({
    isServed: servedByDefault,
    registrations: options.registrations ?? [],
    storageFor: (prefix) => cachers.for(prefix),
    root,
    connectHandlers: options.connectHandlers?.(registry) ?? {},
  });
  for (const store of served.stores.values()) registry.addStore(store);
  const router = new ResourceRouter(served.endpoints, {
    registry,
    admission: options.admission ?? { mutate: () => Promise.resolve(), validate: () => Promise.resolve() },
    authorizer: rules,
    decode: (value, kind) => served.decode(value, kind),
    knowsKind: (kind) => served.knowsKind(kind),
    strategicMerge: (original, patch, kind) => served.strategicMerge(original, patch, kind),
    fieldManager: fieldManagers({ decode: (value, kind) => served.decode(value, kind), now: () => new Date() }),
    minRequestTimeoutSeconds: 1800,
    random: () => 0,
    now: () => new Date(),
  });
  const metrics = new ApiMetrics();
  const nonResource = new NonResourceHandler({
    version: { major: '1', minor: '36' },
    health: [new HealthEndpoint('healthz', [{ name: 'ping', check() {} }])],
    metrics,
    openIdConfiguration: () => undefined,
    openIdMaxAgeSeconds: () => 0,
    jwks: () => undefined,
    groups: new Set(served.endpoints.map(({ group }) => group)),
    apiVersions: new Set(served.endpoints.map(({ apiVersion }) => apiVersion)),
    documents: [new DiscoveryHandler(servedByDefault, () => '127.0.0.1:443')],
  });
  const chain = buildHandlerChain(
    async (context) => {
      if (!context.info.isResourceRequest) return nonResource.handle(context);
      const handler = router.route(context);
      return handler === undefined ? nonResource.notFound(context) : handler(context);
    },
    {
      authenticator: {
        authenticateRequest(request) {
          const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
          const user = users[token];
          if (token !== '' && user === undefined) return Promise.reject(new Error('unknown token'));
          return Promise.resolve(user === undefined ? undefined : { user });
        },
      },
      audiences: [],
      frontProxyHeaders: [],
      impersonate,
      authorizer: rules,
      metrics,
      logger: silentLogger,
      requestTimeoutMs: 60_000,
      maxRequestsInFlight: 400,
      maxMutatingRequestsInFlight: 200,
      ...options.chain,
    },
  );
  return {
    app: createApp(chain, { cbor: options.cbor === true }),
    served,
    registry,
    async close() {
      stopping.abort();
      await cachers.close();
      await storage.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function serveTestApi(options: TestApiOptions = {}): Promise<ServedTestApi> {
  const api = await createTestApi(options);
  const server = createServer(api.app.listener);
  server.on('upgrade', (request, socket, head) => api.app.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...api,
    origin: `http://${address}`,
    websocketOrigin: `ws://${address}`,
    async close() {
      await api.app.drain(1000);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await api.close();
    },
  };
}
