/**
 * The ConfigMap `extension-apiserver-authentication`: what extension API servers need to know to authenticate as this one
 * does. Several API servers share it, so what is there already is added to, never taken away, save expired certificates.
 */
import { X509Certificate } from 'node:crypto';
import { isAlreadyExists, isNotFound, type KubernetesObject } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { ObjectSource } from '../../authorization/object-source.ts';
import { certificateBlocks } from '../../certificates/pem-blocks.ts';
import type { RegistryReader } from '../../registry/generic/rest.ts';

export interface AuthenticationConfig {
  /** PEM. */
  clientCa?: string;
  requestHeader?: {
    ca: string;
    allowedNames: readonly string[];
    usernameHeaders: readonly string[];
    uidHeaders: readonly string[];
    groupHeaders: readonly string[];
    extraHeadersPrefix: readonly string[];
  };
}

interface ConfigMap extends KubernetesObject {
  data?: Record<string, string>;
}

const configMaps = { group: '', resource: 'configmaps' };
const namespace = 'kube-system';
const name = 'extension-apiserver-authentication';

export interface AuthenticationConfigOptions {
  registry: RegistryReader;
  source: Pick<ObjectSource, 'onChange'>;
  config: AuthenticationConfig;
  now: () => Date;
  report: (error: unknown) => void;
}

export interface RunningAuthenticationConfig {
  /** The authorities are others now: what is new is added. */
  change(config: AuthenticationConfig): void;
  stop(): void;
}

/** Resolves when it is written; from then on it is written again when somebody deletes or changes it. */
export async function startAuthenticationConfig(
  options: AuthenticationConfigOptions,
): Promise<RunningAuthenticationConfig> {
  const { source, report } = options;
  let { config } = options;
  await write(options);
  let running = Promise.resolve();
  const writeAgain = (): void => {
    running = running.then(() => write({ ...options, config })).catch(report);
  };
  const stop = source.onChange<ConfigMap>(configMaps, (_, { metadata }) => {
    if (metadata?.name !== name || metadata.namespace !== namespace) return;
    writeAgain();
  });
  return {
    change(changed) {
      config = changed;
      writeAgain();
    },
    stop,
  };
}

async function write(options: AuthenticationConfigOptions): Promise<void> {
  const { registry, config, now } = options;
  const current = await registry.get<ConfigMap>(configMaps, namespace, name);
  const data = combined(current?.data ?? {}, config, now());
  if (current !== undefined && deepEqual(current.data ?? {}, data)) return;
  try {
    if (current === undefined)
      await registry.create<ConfigMap>(configMaps, namespace, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, namespace },
        data,
      });
    else
      await registry.update<ConfigMap>(configMaps, namespace, name, (object) => ({
        ...object,
        data: combined(object.data ?? {}, config, now()),
      }));
  } catch (error) {
    // Somebody was faster: their event brings us here again.
    if (!isAlreadyExists(error) && !isNotFound(error)) throw error;
  }
}

export function combined(
  existing: Readonly<Record<string, string>>,
  { clientCa = '', requestHeader }: AuthenticationConfig,
  now: Date,
): Record<string, string> {
  const data: Record<string, string> = {};
  const ca = certificates([existing['client-ca-file'] ?? '', clientCa], now);
  if (ca !== '') data['client-ca-file'] = ca;
  const proxyCa = certificates([existing['requestheader-client-ca-file'] ?? '', requestHeader?.ca ?? ''], now);
  if (proxyCa === '') return data;
  const list = (key: string, own: readonly string[]): string =>
    JSON.stringify([...new Set([...parsed(existing[key]), ...own])]);
  data['requestheader-client-ca-file'] = proxyCa;
  data['requestheader-allowed-names'] = list('requestheader-allowed-names', requestHeader?.allowedNames ?? []);
  data['requestheader-username-headers'] = list('requestheader-username-headers', requestHeader?.usernameHeaders ?? []);
  const uid = list('requestheader-uid-headers', requestHeader?.uidHeaders ?? []);
  if (uid !== '[]') data['requestheader-uid-headers'] = uid;
  data['requestheader-group-headers'] = list('requestheader-group-headers', requestHeader?.groupHeaders ?? []);
  data['requestheader-extra-headers-prefix'] = list(
    'requestheader-extra-headers-prefix',
    requestHeader?.extraHeadersPrefix ?? [],
  );
  return data;
}

/** A list that cannot be read counts as none: it is ours to put right. */
function parsed(text: string | undefined): string[] {
  try {
    const value = JSON.parse(text ?? '[]') as unknown;
    return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  } catch {
    return [];
  }
}

/** The certificates of all bundles, each once, without those that have expired. */
function certificates(bundles: readonly string[], now: Date): string {
  const found = new Map<string, string>();
  for (const bundle of bundles)
    for (const pem of certificateBlocks(bundle)) {
      const certificate = readable(pem);
      if (certificate === undefined || certificate.validToDate < now) continue;
      found.set(certificate.fingerprint256, `${pem}\n`);
    }
  return [...found.values()].join('');
}

function readable(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
