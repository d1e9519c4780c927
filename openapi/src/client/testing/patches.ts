type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * JSON merge patch; a strategic merge patch counts as one (lists are replaced), which is right as long as the code under
 * test patches no lists with merge keys.
 */
export function mergePatchInto(target: unknown, patch: unknown, contentType: string): unknown {
  if (contentType.startsWith('application/json-patch')) return jsonPatch(target, patch as Operation[]);
  return merge(target, patch);
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isFields(patch)) return patch;
  const result: Fields = isFields(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    const deleteFrom = /^\$deleteFromPrimitiveList\/(.+)$/.exec(key)?.[1];
    if (deleteFrom !== undefined) {
      const list: unknown = result[deleteFrom];
      if (Array.isArray(list) && Array.isArray(value))
        result[deleteFrom] = list.filter((entry) => !value.includes(entry));
    } else if (value === null) delete result[key];
    else result[key] = merge(result[key], value);
  }
  return result;
}

interface Operation {
  op: 'add' | 'replace' | 'remove';
  path: string;
  value?: unknown;
}

function jsonPatch(target: unknown, operations: Operation[]): unknown {
  const result: unknown = structuredClone(target);
  for (const { op, path, value } of operations) {
    const keys = path
      .split('/')
      .slice(1)
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() ?? '';
    let parent = result as Fields;
    for (const key of keys) parent = parent[key] as Fields;
    if (op === 'remove') delete parent[last];
    else parent[last] = value;
  }
  return result;
}
