import { aggregateFieldErrors, type FieldError, invalidValue, notSupported, path } from '@typernetes/openapi/meta';
import { type ConfigKind, decodeConfig, list, string, struct } from '../../apiserver/structured/config-file.ts';

/** What shares one bucket of tokens. */
export const limitTypes = ['Server', 'Namespace', 'User', 'SourceAndObject'] as const;
export type LimitType = (typeof limitTypes)[number];

export interface EventLimit {
  type: LimitType;
  qps: number;
  burst: number;
  /** How many buckets are kept; 0 is the default. */
  cacheSize?: number;
}

const int32 = { type: 'integer', format: 'int32' } as const;
const kind: ConfigKind = {
  group: 'eventratelimit.admission.k8s.io',
  kind: 'Configuration',
  versions: ['v1alpha1'],
  schema: struct({ limits: list(struct({ type: string, qps: int32, burst: int32, cacheSize: int32 })) }),
};

/** Throws on what is no valid configuration; there is none by default. */
export function readEventLimits(text: string | undefined): EventLimit[] {
  const { limits = [] } =
    text === undefined ? {} : decodeConfig<{ limits?: Partial<EventLimit>[] }>(text, kind, { strict: false });
  const at = path('limits');
  const errors: FieldError[] =
    limits.length === 0 ? [invalidValue(at, text === undefined ? null : [], 'must not be empty')] : [];
  const checked = limits.map(({ type, qps = 0, burst = 0, cacheSize = 0 }, index) => {
    const here = at.index(index);
    const known = limitTypes.find((each) => each === type);
    if (known === undefined) errors.push(notSupported(here.child('type'), type ?? '', limitTypes.toSorted()));
    if (burst <= 0) errors.push(invalidValue(here.child('burst'), burst, 'must be positive'));
    if (qps <= 0) errors.push(invalidValue(here.child('qps'), qps, 'must be positive'));
    if (known !== 'Server' && cacheSize < 0)
      errors.push(invalidValue(here.child('cacheSize'), cacheSize, 'must not be negative'));
    return { type: known ?? 'Server', qps, burst, cacheSize };
  });
  const message = aggregateFieldErrors(errors);
  if (message !== undefined) throw new Error(message);
  return checked;
}
