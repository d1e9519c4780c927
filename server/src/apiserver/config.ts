/** What can be configured, named as upstream's flags; every field that may be absent has upstream's default. */
import { networkInterfaces } from 'node:os';
import { type AuditOptions, defaultAuditOptions } from '../audit/options.ts';
import type { EncryptionOptions } from '../storage/encryption/index.ts';
import type { ShutdownOptions } from './shutdown.ts';

export interface ApiserverOptions extends AuditOptions, EncryptionOptions, ShutdownOptions {
  /** 0 takes a free port. */
  securePort: number;
  bindAddress: string;
  advertiseAddress?: string;
  externalHostname?: string;

  /** Embedded storage in this directory; excludes etcdServers. */
  storageDir?: string;
  etcdServers: string[];
  /** `GROUP/RESOURCE#URL;URL`: resources in an etcd of their own. */
  etcdServersOverrides: string[];
  etcdCafile?: string;
  etcdCertfile?: string;
  etcdKeyfile?: string;
  etcdPrefix: string;
  /** 0 leaves compaction to others. */
  etcdCompactionIntervalMs: number;
  etcdHealthcheckTimeoutMs: number;
  etcdReadycheckTimeoutMs: number;

  tlsCertFile?: string;
  tlsPrivateKeyFile?: string;
  /** Without the two files above: `apiserver.crt` and `apiserver.key` in here, made where they are missing. */
  certDir: string;
  /** `VersionTLS12` */
  tlsMinVersion: string;
  /** By the names of IANA; none are Node's. TLS 1.3 has its own. */
  tlsCipherSuites: string[];
  /** By the numbers of Go's crypto/tls; none are Node's. */
  tlsCurvePreferences: string[];
  /** `CERTIFICATE,KEY` or `CERTIFICATE,KEY:NAME,NAME` */
  tlsSniCertKey: string[];
  permitPortSharing: boolean;
  clientCaFile?: string;

  /** Regular expressions. */
  corsAllowedOrigins: string[];
  strictTransportSecurityDirectives: string[];

  serviceAccountIssuer: string[];
  serviceAccountKeyFile: string[];
  serviceAccountSigningKeyFile?: string;
  /** The socket of an external signer, instead of both kinds of files: a path, or `@name`. */
  serviceAccountSigningEndpoint?: string;
  serviceAccountJwksUri?: string;
  serviceAccountMaxTokenExpirationSeconds: number;
  serviceAccountExtendTokenExpiration: boolean;
  /** Tokens end with the account, Secret, pod or node that they are bound to. */
  serviceAccountLookup: boolean;
  apiAudiences: string[];
  tokenAuthFile?: string;
  enableBootstrapTokenAuth: boolean;
  anonymousAuth: boolean;
  /** File of kind AuthenticationConfiguration: OpenID Connect issuers and anonymous access; instead of the oidc ones. */
  authenticationConfig?: string;
  /** Kubeconfig of a service that knows tokens. */
  authenticationTokenWebhookConfigFile?: string;
  authenticationTokenWebhookVersion: string;
  authenticationTokenWebhookCacheTtlMs: number;
  oidcIssuerUrl?: string;
  oidcClientId?: string;
  oidcCaFile?: string;
  oidcUsernameClaim: string;
  oidcUsernamePrefix: string;
  oidcGroupsClaim?: string;
  oidcGroupsPrefix: string;
  oidcSigningAlgs: string[];
  /** `claim=value` */
  oidcRequiredClaim: string[];

  requestheaderClientCaFile?: string;
  requestheaderAllowedNames: string[];
  requestheaderUsernameHeaders: string[];
  requestheaderUidHeaders: string[];
  requestheaderGroupHeaders: string[];
  requestheaderExtraHeadersPrefix: string[];

  proxyClientCertFile?: string;
  proxyClientKeyFile?: string;
  enableAggregatorRouting: boolean;
  aggregatorRejectForwardingRedirect: boolean;

  authorizationMode: string;
  /** File of kind AuthorizationConfiguration, instead of the mode and what belongs to it. */
  authorizationConfig?: string;
  authorizationPolicyFile?: string;
  authorizationWebhookConfigFile?: string;
  authorizationWebhookVersion: string;
  authorizationWebhookCacheAuthorizedTtlMs: number;
  authorizationWebhookCacheUnauthorizedTtlMs: number;
  enableAdmissionPlugins: string[];
  disableAdmissionPlugins: string[];
  /** File of kind AdmissionConfiguration: what the plugins are configured with. */
  admissionControlConfigFile?: string;

  allowPrivileged: boolean;
  defaultNotReadyTolerationSeconds: number;
  defaultUnreachableTolerationSeconds: number;

  serviceClusterIpRange: string;
  serviceNodePortRange: string;
  /** 0: the Service `kubernetes` has none. */
  kubernetesServiceNodePort: number;
  /** `lease` or `none` */
  endpointReconcilerType: string;

  kubeletCertificateAuthority?: string;
  kubeletClientCertificate?: string;
  kubeletClientKey?: string;
  kubeletPreferredAddressTypes: string[];
  kubeletTimeoutMs: number;
  kubeletPort: number;

  /** Where on this machine ComponentStatus asks for the health of other components. */
  controllerManagerHealthPort: number;
  schedulerHealthPort: number;

  runtimeConfig: string;
  enablePriorityAndFairness: boolean;
  maxRequestsInflight: number;
  maxMutatingRequestsInflight: number;
  featureGates: string;
  disableHttp2Serving: boolean;
  http2MaxStreamsPerConnection: number;
  goawayChance: number;
  requestTimeoutMs: number;
  minRequestTimeoutSeconds: number;
  eventTtlSeconds: number;
  /** For so long after the start, /livez counts post-start hooks as done. */
  livezGracePeriodMs: number;
  /** `METRIC,LABEL=VALUE,VALUE`: other values of the label are not told apart. */
  allowMetricLabels: string[];
  /** The same from a file of YAML. */
  allowMetricLabelsManifest?: string;
  disabledMetrics: string[];
  /** The previous minor version: show metrics that are hidden since. */
  showHiddenMetricsForVersion?: string;
  /** File of kind TracingConfiguration: where spans are sent, and how many. */
  tracingConfigFile?: string;
}

export const defaultOptions: ApiserverOptions = {
  ...defaultAuditOptions,
  encryptionProviderConfigAutomaticReload: false,
  securePort: 6443,
  bindAddress: '0.0.0.0',
  etcdServers: [],
  etcdServersOverrides: [],
  etcdPrefix: '/registry',
  etcdCompactionIntervalMs: 300_000,
  etcdHealthcheckTimeoutMs: 2000,
  etcdReadycheckTimeoutMs: 2000,
  certDir: '/var/run/kubernetes',
  tlsMinVersion: 'VersionTLS12',
  tlsCipherSuites: [],
  tlsCurvePreferences: [],
  tlsSniCertKey: [],
  permitPortSharing: false,
  corsAllowedOrigins: [],
  strictTransportSecurityDirectives: [],
  serviceAccountIssuer: [],
  serviceAccountKeyFile: [],
  serviceAccountMaxTokenExpirationSeconds: 0,
  serviceAccountExtendTokenExpiration: true,
  serviceAccountLookup: true,
  apiAudiences: [],
  enableBootstrapTokenAuth: false,
  anonymousAuth: true,
  authenticationTokenWebhookVersion: 'v1beta1',
  authenticationTokenWebhookCacheTtlMs: 120_000,
  oidcUsernameClaim: 'sub',
  oidcUsernamePrefix: '',
  oidcGroupsPrefix: '',
  oidcSigningAlgs: ['RS256'],
  oidcRequiredClaim: [],
  requestheaderAllowedNames: [],
  requestheaderUsernameHeaders: [],
  requestheaderUidHeaders: [],
  requestheaderGroupHeaders: [],
  requestheaderExtraHeadersPrefix: [],
  enableAggregatorRouting: false,
  aggregatorRejectForwardingRedirect: true,
  authorizationMode: 'Node,RBAC',
  authorizationWebhookVersion: 'v1beta1',
  authorizationWebhookCacheAuthorizedTtlMs: 300_000,
  authorizationWebhookCacheUnauthorizedTtlMs: 30_000,
  enableAdmissionPlugins: [],
  disableAdmissionPlugins: [],
  allowPrivileged: false,
  defaultNotReadyTolerationSeconds: 300,
  defaultUnreachableTolerationSeconds: 300,
  serviceClusterIpRange: '10.96.0.0/16',
  serviceNodePortRange: '30000-32767',
  kubernetesServiceNodePort: 0,
  endpointReconcilerType: 'lease',
  kubeletPreferredAddressTypes: ['Hostname', 'InternalDNS', 'InternalIP', 'ExternalDNS', 'ExternalIP'],
  kubeletTimeoutMs: 5000,
  kubeletPort: 10_250,
  controllerManagerHealthPort: 10_257,
  schedulerHealthPort: 10_259,
  runtimeConfig: '',
  enablePriorityAndFairness: true,
  maxRequestsInflight: 400,
  maxMutatingRequestsInflight: 200,
  featureGates: '',
  disableHttp2Serving: false,
  http2MaxStreamsPerConnection: 0,
  goawayChance: 0,
  requestTimeoutMs: 60_000,
  minRequestTimeoutSeconds: 1800,
  eventTtlSeconds: 3600,
  livezGracePeriodMs: 0,
  allowMetricLabels: [],
  disabledMetrics: [],
  shutdownDelayMs: 0,
  shutdownSendRetryAfter: false,
  shutdownWatchTerminationGracePeriodMs: 0,
};

/** The address other parts of the cluster reach this server at: the bind address, or the first of the machine's own. */
export function advertisedAddress(options: ApiserverOptions): string {
  if (options.advertiseAddress !== undefined) return options.advertiseAddress;
  const { bindAddress } = options;
  if (bindAddress !== '0.0.0.0' && bindAddress !== '::') return bindAddress;
  const family = bindAddress === '::' ? 'IPv6' : 'IPv4';
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return addresses.find((each) => !each.internal && each.family === family)?.address ?? '127.0.0.1';
}

/** --runtime-config: `api/all=true`, `api/beta=false`, `GROUP/VERSION=true`; the later entry wins. */
export function servedVersions(
  runtimeConfig: string,
  byDefault: (groupVersion: { group: string; version: string }) => boolean,
) {
  const settings = runtimeConfig
    .split(',')
    .filter((entry) => entry !== '')
    .map((entry) => {
      const [name = '', value = 'true'] = entry.split('=');
      if (value !== 'true' && value !== 'false')
        throw new Error(`invalid value ${JSON.stringify(entry)} in runtime-config`);
      return { name: name.trim(), on: value === 'true' };
    });
  const stage = (version: string): string =>
    version.includes('alpha') ? 'api/alpha' : version.includes('beta') ? 'api/beta' : 'api/ga';
  return (groupVersion: { group: string; version: string }): boolean => {
    const { group, version } = groupVersion;
    const own = group === '' ? [version, `api/${version}`] : [`${group}/${version}`];
    const last = (names: readonly string[]) => settings.findLast(({ name }) => names.includes(name))?.on;
    return last(own) ?? last([stage(version)]) ?? last(['api/all']) ?? byDefault(groupVersion);
  };
}
