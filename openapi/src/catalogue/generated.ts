/** Reads what the generator made. Every file is read once, when it is first asked for. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const directory = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../generated');

export const readGenerated = (name: string): Buffer => readFileSync(path.join(directory, name));

export const readGeneratedJson = <T>(name: string): T =>
  JSON.parse(readFileSync(path.join(directory, name), 'utf8')) as T;

/** A function of one name that computes each answer once. */
export function memoized<T>(compute: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const value = known.get(key);
    if (value !== undefined || known.has(key)) return value as T;
    const computed = compute(key);
    known.set(key, computed);
    return computed;
  };
}

export function once<T>(compute: () => T): () => T {
  let result: { value: T } | undefined;
  return () => (result ??= { value: compute() }).value;
}
