import { isObject } from '@typernetes/openapi/schema';
import { formatDuration } from '../../duration.ts';
import { readUnversioned } from './unversioned.ts';

export interface ImagePolicy {
  kubeConfigFile: string;
  allowTtlMs: number;
  denyTtlMs: number;
  retryBackoffMs: number;
  /** Images are allowed while the backend cannot be asked. */
  defaultAllow: boolean;
}

interface Bounds {
  /** What the configuration counts in. */
  unitMs: number;
  minimumMs: number;
  maximumMs: number;
  defaultMs: number;
}

const ttl = { unitMs: 1000, minimumMs: 1000, maximumMs: 30 * 60_000 };
const backoff: Bounds = { unitMs: 1, minimumMs: 1e-6, maximumMs: 5 * 60_000, defaultMs: 500 };

/** Throws on what is no valid configuration; there is none by default. */
export function readImagePolicy(text: string | undefined): ImagePolicy {
  if (text === undefined) throw new Error('no config specified');
  const { imagePolicy } = readUnversioned(text);
  const given = isObject(imagePolicy) ? imagePolicy : {};
  const { kubeConfigFile, allowTTL, denyTTL, retryBackoff, defaultAllow } = given;
  return {
    retryBackoffMs: duration('retryBackoff', retryBackoff, backoff),
    allowTtlMs: duration('allowTTL', allowTTL, { ...ttl, defaultMs: 5 * 60_000 }),
    denyTtlMs: duration('denyTTL', denyTTL, { ...ttl, defaultMs: 30_000 }),
    kubeConfigFile: typed('kubeConfigFile', kubeConfigFile, 'string') ?? '',
    defaultAllow: typed('defaultAllow', defaultAllow, 'boolean') ?? false,
  };
}

function duration(field: string, given: unknown, { unitMs, minimumMs, maximumMs, defaultMs }: Bounds): number {
  const count = typed(field, given, 'number') ?? 0;
  if (count === -1) return 0;
  if (count === 0) return defaultMs;
  const value = count * unitMs;
  if (value >= minimumMs && value <= maximumMs) return value;
  const from = minimumMs < 1 ? '1ns' : formatDuration(minimumMs);
  throw new Error(`valid value is between ${from} and ${formatDuration(maximumMs)}, got ${formatDuration(value)}`);
}

interface Types {
  string: string;
  number: number;
  boolean: boolean;
}

const goTypes = { string: 'string', number: 'time.Duration', boolean: 'bool' };

function typed<T extends keyof Types>(field: string, value: unknown, type: T): Types[T] | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === type && (type !== 'number' || Number.isInteger(value))) return value as Types[T];
  const found = typeof value === 'boolean' ? 'bool' : Array.isArray(value) ? 'array' : typeof value;
  throw new Error(
    `json: cannot unmarshal ${found} into Go struct field imagePolicyWebhookConfig.imagePolicy.${field} of type ${goTypes[type]}`,
  );
}
