/** The command line: upstream's flag names and forms. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { auditFlags } from '../audit/flags.ts';
import { formatDuration, parseDuration } from '../duration.ts';
import { type ApiserverOptions, defaultOptions } from './config.ts';

const list = (text: string, previous: readonly string[] | undefined): string[] => [
  ...(previous ?? []),
  ...text.split(',').filter((each) => each !== ''),
];

const append = (text: string, previous: readonly string[] | undefined): string[] => [...(previous ?? []), text];

/** Upstream's `--flag`, `--flag=true` and `--flag=false`. */
function boolean(text: string | boolean): boolean {
  if (typeof text === 'boolean') return text;
  if (/^(1|t|true)$/i.test(text)) return true;
  if (/^(0|f|false)$/i.test(text)) return false;
  throw new InvalidArgumentError('expected true or false');
}

function integer(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 0) throw new InvalidArgumentError('expected a number');
  return number;
}

/** A flag that may be given several times. */
const joined = (text: string, previous: string | undefined): string =>
  previous === undefined || previous === '' ? text : `${previous},${text}`;

function chance(text: string): number {
  const number = Number(text);
  if (!(number >= 0 && number <= 0.02)) throw new InvalidArgumentError('can not be less than 0 or greater than 0.02');
  return number;
}

function milliseconds(text: string): number {
  const duration = parseDuration(text);
  if (duration === undefined) throw new InvalidArgumentError('expected a duration such as 1m0s');
  return duration;
}

const seconds = (text: string): number => Math.round(milliseconds(text) / 1000);

type Parser = (text: string, previous?: never) => unknown;
type Flag = [name: string, field: keyof ApiserverOptions, parse: Parser, description: string];
const text: Parser = (value) => value;

/** Taken for the sake of existing command lines, changes nothing (upstream neither), and is not offered. */
const unused = '';

const flags: readonly Flag[] = [
  ...auditFlags<Parser>({ text, integer, boolean: boolean as Parser, milliseconds }),
  ['secure-port', 'securePort', integer, 'port to serve HTTPS on; 0 takes a free one'],
  ['bind-address', 'bindAddress', text, 'address to listen on'],
  [
    'advertise-address',
    'advertiseAddress',
    text,
    'address that the rest of the cluster reaches this server at; absent: where it listens',
  ],
  ['external-hostname', 'externalHostname', text, 'host name for URLs in discovery documents'],
  [
    'storage-dir',
    'storageDir',
    text,
    'keep everything in this directory (embedded storage); this or --etcd-servers is needed',
  ],
  ['etcd-servers', 'etcdServers', list as Parser, 'URLs of etcd, separated by commas: keep everything there'],
  ['etcd-cafile', 'etcdCafile', text, 'CA of etcd'],
  ['etcd-certfile', 'etcdCertfile', text, 'client certificate for etcd'],
  ['etcd-keyfile', 'etcdKeyfile', text, 'key of the client certificate for etcd'],
  ['etcd-prefix', 'etcdPrefix', text, 'prefix of all keys'],
  [
    'encryption-provider-config',
    'encryptionProviderConfig',
    text,
    'EncryptionConfiguration: which resources are stored encrypted',
  ],
  [
    'encryption-provider-config-automatic-reload',
    'encryptionProviderConfigAutomaticReload',
    boolean as Parser,
    'read the EncryptionConfiguration again when its file changes',
  ],
  ['tls-cert-file', 'tlsCertFile', text, 'serving certificate; needed'],
  ['tls-private-key-file', 'tlsPrivateKeyFile', text, 'key of the serving certificate; needed'],
  ['client-ca-file', 'clientCaFile', text, 'CA whose client certificates identify users'],
  ['service-account-issuer', 'serviceAccountIssuer', list as Parser, 'issuer of service account tokens'],
  ['service-account-key-file', 'serviceAccountKeyFile', list as Parser, 'key that verifies service account tokens'],
  ['service-account-signing-key-file', 'serviceAccountSigningKeyFile', text, 'key that signs service account tokens'],
  ['service-account-jwks-uri', 'serviceAccountJwksUri', text, 'URI of the JSON web key set in the discovery document'],
  [
    'service-account-max-token-expiration',
    'serviceAccountMaxTokenExpirationSeconds',
    seconds,
    'longest life of a service account token; 0s is no limit',
  ],
  [
    'service-account-extend-token-expiration',
    'serviceAccountExtendTokenExpiration',
    boolean as Parser,
    'extend the life of pods’ tokens',
  ],
  ['api-audiences', 'apiAudiences', list as Parser, 'audiences of tokens that this server takes'],
  ['token-auth-file', 'tokenAuthFile', text, 'CSV file of static tokens'],
  ['enable-bootstrap-token-auth', 'enableBootstrapTokenAuth', boolean as Parser, 'take bootstrap tokens'],
  ['anonymous-auth', 'anonymousAuth', boolean as Parser, 'let requests without credentials in as system:anonymous'],
  ['authentication-config', 'authenticationConfig', text, 'file of kind AuthenticationConfiguration'],
  [
    'authentication-token-webhook-config-file',
    'authenticationTokenWebhookConfigFile',
    text,
    'kubeconfig of a service that knows tokens',
  ],
  [
    'authentication-token-webhook-version',
    'authenticationTokenWebhookVersion',
    text,
    'version of the TokenReviews that service gets: v1 or v1beta1',
  ],
  [
    'authentication-token-webhook-cache-ttl',
    'authenticationTokenWebhookCacheTtlMs',
    milliseconds,
    'how long that service’s answers are remembered',
  ],
  ['oidc-issuer-url', 'oidcIssuerUrl', text, 'OpenID Connect issuer whose tokens are taken'],
  ['oidc-client-id', 'oidcClientId', text, 'audience of the issuer’s tokens'],
  ['oidc-ca-file', 'oidcCaFile', text, 'CA of the issuer’s serving certificate'],
  ['oidc-username-claim', 'oidcUsernameClaim', text, 'claim that is the user name'],
  ['oidc-username-prefix', 'oidcUsernamePrefix', text, 'put before user names; - is none'],
  ['oidc-groups-claim', 'oidcGroupsClaim', text, 'claim that lists the groups'],
  ['oidc-groups-prefix', 'oidcGroupsPrefix', text, 'put before groups'],
  ['oidc-signing-algs', 'oidcSigningAlgs', list as Parser, 'algorithms that tokens may be signed with'],
  ['oidc-required-claim', 'oidcRequiredClaim', append as Parser, 'claim=value that tokens must have'],
  ['requestheader-client-ca-file', 'requestheaderClientCaFile', text, 'CA of front proxies'],
  [
    'requestheader-allowed-names',
    'requestheaderAllowedNames',
    list as Parser,
    'common names that certificates of front proxies may have; none is any',
  ],
  ['requestheader-username-headers', 'requestheaderUsernameHeaders', list as Parser, 'headers with the user name'],
  ['requestheader-uid-headers', 'requestheaderUidHeaders', list as Parser, 'headers with the user id'],
  ['requestheader-group-headers', 'requestheaderGroupHeaders', list as Parser, 'headers with groups'],
  [
    'requestheader-extra-headers-prefix',
    'requestheaderExtraHeadersPrefix',
    list as Parser,
    'prefixes of headers with extra fields',
  ],
  ['proxy-client-cert-file', 'proxyClientCertFile', text, 'client certificate for extension API servers'],
  ['proxy-client-key-file', 'proxyClientKeyFile', text, 'key of the client certificate for extension API servers'],
  [
    'enable-aggregator-routing',
    'enableAggregatorRouting',
    boolean as Parser,
    'send aggregated requests to endpoints of a Service instead of its address',
  ],
  [
    'aggregator-reject-forwarding-redirect',
    'aggregatorRejectForwardingRedirect',
    boolean as Parser,
    'pass no redirects of extension API servers on',
  ],
  [
    'authorization-mode',
    'authorizationMode',
    text,
    'authorizers, asked in this order: Node, RBAC, ABAC, Webhook, AlwaysAllow, AlwaysDeny',
  ],
  ['authorization-config', 'authorizationConfig', text, 'file of kind AuthorizationConfiguration'],
  ['authorization-policy-file', 'authorizationPolicyFile', text, 'rules of mode ABAC, one a line'],
  ['authorization-webhook-config-file', 'authorizationWebhookConfigFile', text, 'kubeconfig of mode Webhook'],
  [
    'authorization-webhook-version',
    'authorizationWebhookVersion',
    text,
    'version of the SubjectAccessReviews that mode Webhook sends: v1 or v1beta1',
  ],
  [
    'authorization-webhook-cache-authorized-ttl',
    'authorizationWebhookCacheAuthorizedTtlMs',
    milliseconds,
    'how long permissions of mode Webhook are remembered',
  ],
  [
    'authorization-webhook-cache-unauthorized-ttl',
    'authorizationWebhookCacheUnauthorizedTtlMs',
    milliseconds,
    'how long refusals of mode Webhook are remembered',
  ],
  ['enable-admission-plugins', 'enableAdmissionPlugins', list as Parser, 'admission plugins besides the default ones'],
  ['disable-admission-plugins', 'disableAdmissionPlugins', list as Parser, 'default admission plugins to leave out'],
  [
    'admission-control-config-file',
    'admissionControlConfigFile',
    text,
    'file of kind AdmissionConfiguration: what admission plugins are configured with',
  ],
  ['service-cluster-ip-range', 'serviceClusterIpRange', text, 'CIDR of ClusterIPs'],
  ['service-node-port-range', 'serviceNodePortRange', text, 'ports for NodePort Services'],
  ['kubelet-certificate-authority', 'kubeletCertificateAuthority', text, 'CA of kubelets’ serving certificates'],
  ['kubelet-client-certificate', 'kubeletClientCertificate', text, 'client certificate for kubelets'],
  ['kubelet-client-key', 'kubeletClientKey', text, 'key of the client certificate for kubelets'],
  ['kubelet-preferred-address-types', 'kubeletPreferredAddressTypes', list as Parser, 'node address types, best first'],
  ['kubelet-timeout', 'kubeletTimeoutMs', milliseconds, unused],
  [
    'controller-manager-health-port',
    'controllerManagerHealthPort',
    integer,
    'secure port of the controller manager on this machine, for ComponentStatus',
  ],
  [
    'scheduler-health-port',
    'schedulerHealthPort',
    integer,
    'secure port of the scheduler on this machine, for ComponentStatus',
  ],
  [
    'runtime-config',
    'runtimeConfig',
    text,
    'API versions to turn on or off: api/all=true, api/beta=false, GROUP/VERSION=true',
  ],
  [
    'enable-priority-and-fairness',
    'enablePriorityAndFairness',
    boolean as Parser,
    'share the in-flight limits out by FlowSchemas and PriorityLevelConfigurations',
  ],
  ['max-requests-inflight', 'maxRequestsInflight', integer, 'reads served at a time; 0 is no limit'],
  ['max-mutating-requests-inflight', 'maxMutatingRequestsInflight', integer, 'writes served at a time; 0 is no limit'],
  ['feature-gates', 'featureGates', joined as Parser, 'features to turn on or off: NAME=true,NAME=false'],
  ['http2', 'http2', boolean as Parser, 'offer HTTP/2 besides HTTP/1.1'],
  [
    'http2-max-streams-per-connection',
    'http2MaxStreamsPerConnection',
    integer,
    'requests at a time on a connection of HTTP/2; 0 is the default of 100',
  ],
  [
    'goaway-chance',
    'goawayChance',
    chance,
    'share of requests (0 to 0.02) after which a client of HTTP/2 must connect anew',
  ],
  ['request-timeout', 'requestTimeoutMs', milliseconds, 'limit on requests that are no watches or streams'],
  [
    'min-request-timeout',
    'minRequestTimeoutSeconds',
    integer,
    'seconds that a watch lives at least when its client names no time',
  ],
  ['tracing-config-file', 'tracingConfigFile', text, 'file of kind TracingConfiguration: collector and sampling'],
  ['event-ttl', 'eventTtlSeconds', seconds, 'how long events are kept'],
  ['shutdown-delay-duration', 'shutdownDelayMs', milliseconds, 'time between failing /readyz and refusing requests'],
  [
    'shutdown-send-retry-after',
    'shutdownSendRetryAfter',
    boolean as Parser,
    'listen until all requests are done, and answer new ones with 429',
  ],
  [
    'shutdown-watch-termination-grace-period',
    'shutdownWatchTerminationGracePeriodMs',
    milliseconds,
    'time over which watches are ended; 0 ends them at once',
  ],
];

/** All flags, with the values that these options are. */
export function flagValues(options: ApiserverOptions): Record<string, string> {
  return Object.fromEntries(
    flags.map(([name, field, parse]) => {
      const value = options[field];
      return [name, Array.isArray(value) ? `[${value.join(',')}]` : valueText(parse, value)];
    }),
  );
}

function valueText(parse: Parser, value: ApiserverOptions[keyof ApiserverOptions]): string {
  if (typeof value !== 'number') return String(value ?? '');
  if (parse === milliseconds) return formatDuration(value);
  return parse === seconds ? formatDuration(value * 1000) : String(value);
}

/** What the help says a flag takes. */
function placeholder(name: string, parse: unknown): string {
  if (parse === boolean) return '[boolean]';
  if (parse === integer || parse === chance) return '<number>';
  if (parse === milliseconds || parse === seconds) return '<duration>';
  if (parse === list) return '<list>';
  return /-(ca|cert|key)?(file|certificate|key|authority)$|-config$/.test(name) ? '<file>' : '<value>';
}

function flagOption([name, field, parse, description]: Flag): Option {
  const initial = valueText(parse, defaultOptions[field]);
  const option = new Option(
    `--${name} ${placeholder(name, parse)}`,
    initial === '' ? description : `${description} (default: ${initial})`,
  );
  if ((parse as unknown) === boolean) option.preset(true);
  if (description === unused) option.hideHelp();
  return option.argParser(parse as (value: string, previous: unknown) => unknown);
}

/** `run` gets the options given; the defaults are startApiserver's. */
export function apiserverFlags(run: (options: Partial<ApiserverOptions>) => Promise<void>): Command {
  const command = new Command('apiserver')
    .description('Serve the Kubernetes API from embedded storage (--storage-dir) or etcd (--etcd-servers).')
    .configureHelp({ optionDescription: (option) => option.description })
    .allowExcessArguments(false);
  for (const flag of flags) command.addOption(flagOption(flag));
  return command.action(async (values: Record<string, unknown>) => {
    const options: Record<string, unknown> = {};
    for (const [name, field] of flags) {
      const value = values[camelCase(name)];
      if (value !== undefined) options[field] = value;
    }
    await run(options as Partial<ApiserverOptions>);
  });
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
