/** What filters do with requests: how long each takes, who was let in, who may do what they ask. */
import type { Authenticator } from '../authentication/authenticator.ts';
import type { Authorizer } from '../authorization/authorizer.ts';
import type { Cell, Counter, Distribution, Histogram, MetricsRegistry } from '../metrics/index.ts';
import type { Filter } from './request-context.ts';

const doubling = Array.from({ length: 15 }, (_, index) => 0.001 * 2 ** index);
const filterBuckets = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 5, 10, 15, 30];
const knownUsers = new Set(['admin', 'client', 'kube_proxy', 'kubelet', 'system:serviceaccount:kube-system:default']);

interface Attempts {
  count: Pick<Cell, 'inc'>;
  duration: Distribution;
}

export class RequestMetrics {
  readonly #filters: Histogram;
  readonly #users: Counter;
  readonly #authenticated: (result: string) => Attempts;
  readonly #authorized: (result: string) => Attempts;

  constructor(registry: MetricsRegistry) {
    this.#filters = registry.histogram(
      'apiserver_request_filter_duration_seconds',
      'ALPHA',
      'Request filter latency distribution in seconds, for each filter type',
      ['filter'],
      filterBuckets,
    );
    this.#users = registry.counter(
      'authenticated_user_requests',
      'ALPHA',
      'Counter of authenticated requests broken out by username.',
      ['username'],
    );
    const result = ['result'];
    this.#authenticated = attempts(
      registry.counter('authentication_attempts', 'ALPHA', 'Counter of authenticated attempts.', result),
      registry.histogram(
        'authentication_duration_seconds',
        'ALPHA',
        'Authentication duration in seconds broken out by result.',
        result,
        doubling,
      ),
    );
    this.#authorized = attempts(
      registry.counter(
        'authorization_attempts_total',
        'ALPHA',
        "Counter of authorization attempts broken down by result. It can be either 'allowed', 'denied', 'no-opinion' or 'error'.",
        result,
      ),
      registry.histogram(
        'authorization_duration_seconds',
        'ALPHA',
        'Authorization duration in seconds broken out by result.',
        result,
        doubling,
      ),
    );
  }

  /** The filter, with the time it takes until it hands the request on. */
  filter(name: string, filter: Filter): Filter {
    const duration = this.#filters.with(name);
    return (next) => {
      const handler = filter((context) => {
        duration.observe((performance.now() - context.filterStartedAt) / 1000);
        return next(context);
      });
      return (context) => {
        context.filterStartedAt = performance.now();
        return handler(context);
      };
    };
  }

  authenticator(authenticator: Authenticator): Authenticator {
    return {
      authenticateRequest: async (request) => {
        const started = performance.now();
        let result = 'error';
        try {
          const answer = await authenticator.authenticateRequest(request);
          result = answer === undefined ? 'failure' : 'success';
          if (answer !== undefined) this.#users.with(userCategory(answer.user.name)).inc();
          return answer;
        } finally {
          note(this.#authenticated(result), started);
        }
      },
    };
  }

  authorizer(authorizer: Authorizer): Authorizer {
    return {
      authorize: async (attributes) => {
        const started = performance.now();
        const answer = await authorizer.authorize(attributes);
        const failed = answer.evaluationError !== undefined && answer.evaluationError !== '';
        const refused = failed ? 'error' : answer.decision === 'deny' ? 'denied' : 'no-opinion';
        note(this.#authorized(answer.decision === 'allow' ? 'allowed' : refused), started);
        return answer;
      },
    };
  }
}

function attempts(counter: Counter, histogram: Histogram): (result: string) => Attempts {
  const known = new Map<string, Attempts>();
  return (result) => {
    let found = known.get(result);
    if (found === undefined)
      known.set(result, (found = { count: counter.with(result), duration: histogram.with(result) }));
    return found;
  };
}

function note({ count, duration }: Attempts, started: number): void {
  count.inc();
  duration.observe((performance.now() - started) / 1000);
}

/** Few of them, and no names of people. */
function userCategory(name: string): string {
  return knownUsers.has(name) ? name : name.includes('@') ? 'email_id' : 'other';
}
