/**
 * The corpus is data: a case is a sequence of requests that are sent, in order, to both clusters. `$ns` in a path or a
 * body is the case's own namespace (and a unique prefix for names of cluster-scoped objects), `$octets` two numbers of
 * its own for addresses; `{{step.path.to.field}}` is a value from the answer of the earlier step of that name.
 */

export type Json = string | number | boolean | null | Json[] | JsonObject;
// An interface, because a type alias may not refer to itself here.
export interface JsonObject {
  [name: string]: Json;
}

export interface Step {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS' | 'HEAD';
  path: string;
  /** An object goes out as JSON, a string as it is. */
  body?: Json | undefined;
  headers?: Record<string, string> | undefined;
  /** What is special about this request, for the report. */
  label?: string | undefined;
  /** Sent for its effect, or to wait: the answer is not compared. */
  uncompared?: boolean | undefined;
  /** The name under which later steps refer to this answer. */
  as?: string | undefined;
}

export interface Case {
  /** `group/subject: what is asked`; unique. */
  name: string;
  steps: readonly Step[];
  /** API versions without which there is nothing to compare: where neither side serves them, the case is left out. */
  needs?: readonly string[] | undefined;
}

/** Where a kind lives, and one small valid object of it. */
export interface Kind {
  apiVersion: string;
  kind: string;
  resource: string;
  namespaced: boolean;
  example: JsonObject;
}

/** Changes of an object: JSON pointers without the leading slash; `undefined` removes. */
export type Changes = Record<string, Json | undefined>;

export function changed(object: Json, changes: Changes): JsonObject {
  const copy = structuredClone(object) as JsonObject;
  for (const [pointer, value] of Object.entries(changes)) {
    const names = pointer.split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = names.pop() ?? '';
    let at: Json = copy;
    for (const [index, name] of names.entries()) at = enter(at, name, names[index + 1] ?? last);
    if (Array.isArray(at)) {
      const index = last === '-' ? at.length : Number(last);
      if (value === undefined) at.splice(index, 1);
      else at[index] = structuredClone(value);
    } else if (value === undefined) delete (at as JsonObject)[last];
    else (at as JsonObject)[last] = structuredClone(value);
  }
  return copy;
}

/** The child of that name; one that is no container yet becomes an array or object, as the next name asks. */
function enter(parent: Json, name: string, next: string): Json {
  const children = parent as Record<string, Json | undefined>;
  const child = children[name];
  if (typeof child === 'object' && child !== null) return child;
  const made: Json = /^\d+$|^-$/.test(next) ? [] : {};
  children[name] = made;
  return made;
}
