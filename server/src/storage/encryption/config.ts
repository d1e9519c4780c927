/** apiserver.config.k8s.io/v1 EncryptionConfiguration: which resources are written by which providers. */
import { yamlSerializer } from '@typernetes/openapi/codec';
import { aggregateFieldErrors, type FieldError, invalidValue, path, required } from '@typernetes/openapi/meta';

export interface Key {
  name: string;
  /** Base64. */
  secret: string;
}

export interface KmsConfiguration {
  apiVersion?: string;
  name: string;
  endpoint: string;
  timeout?: string;
}

export interface Provider {
  aesgcm?: { keys: Key[] };
  aescbc?: { keys: Key[] };
  secretbox?: { keys: Key[] };
  identity?: object;
  kms?: KmsConfiguration;
}

export interface ResourceConfiguration {
  resources: string[];
  providers: Provider[];
}

const kinds = ['kms', 'aesgcm', 'aescbc', 'secretbox', 'identity'] as const;
const keyLengths = { aesgcm: [16, 24, 32], aescbc: [32], secretbox: [32] } as const;
type Path = ReturnType<typeof path>;

/** Throws on what is no valid configuration. */
export function parseEncryptionConfiguration(text: string): ResourceConfiguration[] {
  const { object, strictErrors } = yamlSerializer.decode(Buffer.from(text), { strict: true });
  const {
    apiVersion,
    kind,
    resources = [],
  } = object as {
    apiVersion?: string;
    kind?: string;
    resources?: ResourceConfiguration[];
  };
  if (apiVersion !== 'apiserver.config.k8s.io/v1' || kind !== 'EncryptionConfiguration') {
    throw new Error(
      `no kind ${JSON.stringify(kind ?? '')} is registered for version ${JSON.stringify(apiVersion ?? '')}`,
    );
  }
  const root = path('resources');
  const names = new Set<string>();
  const errors = strictErrors.map((message) => invalidValue(root, '', message));
  if (resources.length === 0) errors.push(required(root, 'at least one resources is required'));
  resources.forEach((each, index) => errors.push(...validateResource(each, root.index(index), names)));
  const problem = aggregateFieldErrors(errors);
  if (problem !== undefined) throw new Error(problem);
  return resources;
}

function validateResource(config: Partial<ResourceConfiguration>, at: Path, kmsNames: Set<string>): FieldError[] {
  const { resources = [], providers = [] } = config;
  const errors: FieldError[] = [];
  if (resources.length === 0) errors.push(required(at.child('resources'), 'at least one resources is required'));
  if (providers.length === 0) errors.push(required(at.child('providers'), 'at least one providers is required'));
  errors.push(...validateNames(resources, at.child('resources')));
  providers.forEach((provider, index) =>
    errors.push(...validateProvider(provider, at.child('providers').index(index), kmsNames)),
  );
  return errors;
}

function validateNames(resources: readonly string[], at: Path): FieldError[] {
  const errors: FieldError[] = [];
  resources.forEach((resource, index) => {
    const { group, resource: name } = parseResource(resource);
    const problem =
      resource !== resource.toLowerCase()
        ? 'resource name should not contain capital letters'
        : resource === '*'
          ? "use '*.' to encrypt all the resources from core API group or *.* to encrypt all resources"
          : group === 'events.k8s.io'
            ? "'*.events.k8s.io' objects are stored using the 'events' API group in etcd. Use 'events' instead in the config file"
            : group === 'extensions'
              ? "'extensions' group has been removed and cannot be used for encryption"
              : group === '*' && name !== '*'
                ? "resource.* is not supported, '*.*' is"
                : undefined;
    if (problem !== undefined) errors.push(invalidValue(at.index(index), resource, problem));
  });
  const parsed = resources.map(parseResource);
  if (new Set(resources).size < resources.length) {
    errors.push(invalidValue(at, resources, 'the same resource cannot be specified multiple times'));
  }
  const overlaps = parsed.some(
    (each) =>
      each.resource === '*' && parsed.filter(({ group }) => each.group === '*' || group === each.group).length > 1,
  );
  if (overlaps)
    errors.push(
      invalidValue(
        at,
        resources,
        "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked",
      ),
    );
  return errors;
}

/** `secrets`, `deployments.apps`; `*.` is all of the core group, `*.apps` all of apps, `*.*` everything. */
export function parseResource(text: string): { group: string; resource: string } {
  const dot = text.indexOf('.');
  return dot < 0 ? { group: '', resource: text } : { group: text.slice(dot + 1), resource: text.slice(0, dot) };
}

function validateProvider(provider: Provider, at: Path, kmsNames: Set<string>): FieldError[] {
  const given = kinds.filter((kind) => provider[kind] !== undefined && provider[kind] !== null);
  if (given.length === 0) {
    const message = 'provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity';
    return [invalidValue(at, provider, message)];
  }
  if (given.length > 1)
    return [
      invalidValue(
        at,
        given,
        'more than one provider specified in a single element, should split into different list elements',
      ),
    ];
  const [kind] = given;
  if (kind === 'identity' || kind === undefined) return [];
  if (kind === 'kms') return validateKms(provider.kms!, at.child('kms'), kmsNames);
  const keys = provider[kind]?.keys ?? [];
  const keysAt = at.child(kind, 'keys');
  if (keys.length === 0) return [required(keysAt, 'at least one keys is required')];
  return keys.flatMap((key, index) => validateKey(key, keysAt.index(index), keyLengths[kind]));
}

function validateKey({ name, secret }: Partial<Key>, at: Path, lengths: readonly number[]): FieldError[] {
  const errors: FieldError[] = [];
  if ((name ?? '') === '') errors.push(required(at.child('name'), 'name is a mandatory field for a key'));
  if ((secret ?? '') === '') return [...errors, required(at.child('secret'), 'secret is a mandatory field for a key')];
  const bytes = Buffer.from(secret!, 'base64');
  if (bytes.toString('base64') !== secret) {
    return [...errors, invalidValue(at.child('secret'), 'REDACTED', 'secrets must be base64 encoded')];
  }
  if (!lengths.includes(bytes.length)) {
    const message = `secret is not of the expected length, got ${bytes.length}, expected one of [${lengths.join(' ')}]`;
    errors.push(invalidValue(at.child('secret'), 'REDACTED', message));
  }
  return errors;
}

function validateKms(kms: Partial<KmsConfiguration>, at: Path, names: Set<string>): FieldError[] {
  const { apiVersion = 'v1', name = '', endpoint = '' } = kms;
  const errors: FieldError[] = [];
  if (name === '') errors.push(required(at.child('name'), 'name is a mandatory field for a provider'));
  if (name.includes(':'))
    errors.push(invalidValue(at.child('name'), name, 'invalid KMS provider name, must not contain :'));
  if (name !== '' && names.has(name))
    errors.push(invalidValue(at.child('name'), name, 'duplicate KMS provider name, names must be unique'));
  names.add(name);
  if (endpoint === '') errors.push(invalidValue(at.child('endpoint'), '', 'endpoint is a mandatory field for a kms'));
  else if (!endpoint.startsWith('unix:')) {
    const message = `unsupported scheme ${JSON.stringify(endpoint.split(':')[0])} for KMS provider, only unix is supported`;
    errors.push(invalidValue(at.child('endpoint'), endpoint, message));
  }
  if (apiVersion === 'v1') {
    const message =
      'KMS v1 is deprecated and not served here: set apiVersion: v2, with a plugin that speaks API v2. What v1 encrypted must be written again with another provider first.';
    errors.push(invalidValue(at.child('apiVersion'), apiVersion, message));
  } else if (apiVersion !== 'v2') {
    errors.push(
      invalidValue(
        at.child('apiVersion'),
        apiVersion,
        'unsupported apiVersion for KMS provider, only v1 and v2 are supported',
      ),
    );
  }
  return errors;
}
