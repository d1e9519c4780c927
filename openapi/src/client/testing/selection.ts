import { parseLabelSelector } from '../../meta/index.ts';
import type { FakeObject } from './store.ts';

export interface Selection {
  matches(object: FakeObject): boolean;
}

/** labelSelector and fieldSelector of a request; fields are paths into the object, absent ones count as empty. */
export function parseSelection(query: URLSearchParams): Selection {
  const labels = query.get('labelSelector');
  const fields = query.get('fieldSelector');
  const labelSelector = labels ? parseLabelSelector(labels) : undefined;
  const terms = (fields ?? '')
    .split(',')
    .filter(Boolean)
    .map((term) => {
      const [, path = '', operator = '=', value = ''] = /^([^=!]+)(!=|==?)(.*)$/.exec(term) ?? [];
      return { path: path.split('.'), equal: operator !== '!=', value };
    });
  return {
    matches: (object) =>
      (labelSelector === undefined || labelSelector.matches(object.metadata?.labels ?? {})) &&
      terms.every(({ path, equal, value }) => (fieldAt(object, path) === value) === equal),
  };
}

function fieldAt(object: unknown, path: readonly string[]): string {
  let value: unknown = object;
  for (const key of path)
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
