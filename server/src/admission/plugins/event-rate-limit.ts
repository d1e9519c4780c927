/** Off by default: Events in excess of what the server, a namespace, a user or an object may write are refused with 429. */
import { type Clock, LruMap, systemClock, TokenBucket } from '@typernetes/openapi/client';
import { aggregateMessages, statusErrorFrom } from '@typernetes/openapi/meta';
import type { Event, ObjectReference } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { type EventLimit, type LimitType, readEventLimits } from '../configuration/event-rate-limit.ts';
import type { AdmissionDependencies } from '../dependencies.ts';

const defaultCacheSize = 4096;

const keys: Readonly<Record<LimitType, (attributes: AdmissionAttributes) => string>> = {
  Server: () => '',
  Namespace: ({ namespace }) => namespace,
  User: ({ user }) => user.name,
  SourceAndObject({ object }) {
    const { source, involvedObject }: Partial<Event> = object as Event;
    const { kind, namespace, name, uid, apiVersion }: ObjectReference = involvedObject ?? {};
    return [source?.component, source?.host, kind, namespace, name, uid, apiVersion].join('');
  },
};

export function eventRateLimit(
  { now = () => new Date() }: AdmissionDependencies,
  configuration: string | undefined,
): AdmissionPlugin {
  const clock: Clock = { ...systemClock, now: () => now().getTime() };
  const limits = readEventLimits(configuration).map((limit) => limiter(limit, clock));
  return {
    name: 'EventRateLimit',
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    validate(attributes) {
      const { kind, dryRun } = attributes;
      if (kind.group !== '' || kind.kind !== 'Event' || dryRun) return undefined;
      // Every limit is charged, also where another one refuses.
      const message = aggregateMessages(limits.flatMap((refusal) => refusal(attributes) ?? []));
      if (message === undefined) return undefined;
      throw statusErrorFrom({
        status: 'Failure',
        code: 429,
        reason: 'TooManyRequests',
        message: `Too many requests: ${message}`,
      });
    },
  };
}

/** Says why not, where there is no token left. */
function limiter({ type, qps, burst, cacheSize }: EventLimit, clock: Clock) {
  const buckets = new LruMap<TokenBucket>(type === 'Server' ? 1 : cacheSize || defaultCacheSize);
  return (attributes: AdmissionAttributes): string | undefined => {
    const key = keys[type](attributes);
    let bucket = buckets.get(key);
    if (bucket === undefined) buckets.set(key, (bucket = new TokenBucket(clock, qps, burst)));
    return bucket.tryTake() ? undefined : `limit reached on type ${type} for key ${key}`;
  };
}
