/** Events of the core group and of events.k8s.io are one object with two spellings; stored in the core one. */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { Fields } from './fields.ts';

/** core name → events.k8s.io name; what both share is not listed. */
const renamed: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['reportingComponent', 'reportingController'],
];

function rename(
  object: KubernetesObject,
  apiVersion: string,
  pairs: readonly (readonly [string, string])[],
): KubernetesObject {
  const names = new Map(pairs);
  const result: Fields = {};
  for (const [name, value] of Object.entries(object)) result[names.get(name) ?? name] = value;
  result.apiVersion = apiVersion;
  return result as KubernetesObject;
}

export function eventToEventsGroup(event: KubernetesObject): KubernetesObject {
  return rename(event, 'events.k8s.io/v1', renamed);
}

export function eventToCore(event: KubernetesObject): KubernetesObject {
  return rename(
    event,
    'v1',
    renamed.map(([core, events]) => [events, core] as const),
  );
}

/** Field labels of events.k8s.io in terms of the core ones that the store knows. */
export function coreFieldLabel(label: string): string | undefined {
  if (label === 'reportingController') return 'reportingComponent';
  if (label.startsWith('regarding.')) return `involvedObject.${label.slice('regarding.'.length)}`;
  return ['reason', 'type', 'metadata.name', 'metadata.namespace'].includes(label) ? label : undefined;
}
