import type { Kind } from '../../testing/rules.ts';

/** A kind of apps/v1 that makes pods, with no more than it needs to be valid. */
export function workload(kind: string): Kind {
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] },
  };
  return {
    apiVersion: 'apps/v1',
    kind,
    resource: `${kind.toLowerCase()}s`,
    example: { spec: { selector: { matchLabels: { app: 'web' } }, template } },
  };
}
