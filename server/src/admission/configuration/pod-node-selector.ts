import { isObject } from '@typernetes/openapi/schema';
import { readUnversioned } from './unversioned.ts';

/** Labels by namespace. What cannot be read configures nothing, as at upstream. */
export function readPodNodeSelectors(text: string | undefined): Readonly<Record<string, string>> {
  if (text === undefined) return {};
  let given: unknown;
  try {
    given = readUnversioned(text)['podNodeSelectorPluginConfig'];
  } catch {
    return {};
  }
  if (!isObject(given)) return {};
  return Object.fromEntries(
    Object.entries(given).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}
