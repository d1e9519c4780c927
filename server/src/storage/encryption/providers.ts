/** From a configuration to the transformer of each resource. */
import { parseDuration } from '../../duration.ts';
import { aesCbc, aesGcm, secretbox } from './ciphers.ts';
import {
  type Key,
  type Provider,
  parseEncryptionConfiguration,
  parseResource,
  type ResourceConfiguration,
} from './config.ts';
import { KmsTransformer } from './kms.ts';
import { kmsService } from './kms-service.ts';
import { identity, type Prefixed, PrefixTransformers, type Transformer } from './transformer.ts';

const defaultTimeout = '3s';

interface Rule {
  group: string;
  resource: string;
  transformer: Transformer;
}

/** Throws on what is no valid configuration. */
export function providersOf(text: string): Providers {
  return new Providers(parseEncryptionConfiguration(text));
}

export class Providers {
  readonly kms: readonly KmsTransformer[];
  readonly #rules: readonly Rule[];
  readonly #found = new Map<string, Transformer | undefined>();

  constructor(configuration: readonly ResourceConfiguration[]) {
    const kms: KmsTransformer[] = [];
    this.#rules = configuration.flatMap(({ resources, providers }) => {
      const transformer = new PrefixTransformers(providers.flatMap((provider) => transformersOf(provider, kms)));
      return resources.map((resource) => ({ ...parseResource(resource), transformer }));
    });
    this.kms = kms;
  }

  async start(): Promise<void> {
    await Promise.all(this.kms.map((each) => each.start()));
  }

  /** Throws where a plugin is not well. */
  check(): void {
    for (const each of this.kms) each.check();
  }

  close(): void {
    for (const each of this.kms) each.close();
  }

  /** The first entry of the file that names the resource, wildcards among them; undefined where none does. */
  of(group: string, resource: string): Transformer | undefined {
    const key = `${resource}.${group}`;
    if (this.#found.has(key)) return this.#found.get(key);
    const rule = this.#rules.find(
      (each) =>
        (each.group === group && (each.resource === resource || each.resource === '*')) ||
        (each.group === '*' && each.resource === '*'),
    );
    this.#found.set(key, rule?.transformer);
    return rule?.transformer;
  }
}

function transformersOf(provider: Provider, kms: KmsTransformer[]): Prefixed[] {
  const keyed = (kind: string, keys: readonly Key[], make: (key: Buffer) => Transformer): Prefixed[] =>
    keys.map(({ name, secret }) => ({
      prefix: Buffer.from(`k8s:enc:${kind}:v1:${name}:`),
      transformer: make(Buffer.from(secret, 'base64')),
    }));
  if (provider.aesgcm != null) return keyed('aesgcm', provider.aesgcm.keys, aesGcm);
  if (provider.aescbc != null) return keyed('aescbc', provider.aescbc.keys, aesCbc);
  if (provider.secretbox != null) return keyed('secretbox', provider.secretbox.keys, secretbox);
  if (provider.kms != null) {
    const { name, endpoint, timeout = defaultTimeout } = provider.kms;
    const transformer = new KmsTransformer(name, kmsService(endpoint, parseDuration(timeout) ?? 3000));
    kms.push(transformer);
    return [{ prefix: Buffer.from(`k8s:enc:kms:v2:${name}:`), transformer }];
  }
  return [{ prefix: Buffer.alloc(0), transformer: identity }];
}
