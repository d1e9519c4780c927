import type { StoredResource } from './metrics.ts';

/** Which resource a key belongs to: of those told by their folders, of custom resources by the key itself. */
export class Folders {
  readonly #root: string;
  readonly #known = new Map<string, StoredResource>();

  /** `root` ends in `/`. */
  constructor(root: string) {
    this.#root = root;
  }

  /** `prefix` ends in `/`, and is one or two folders below the root. */
  add(prefix: string, { group, resource }: StoredResource): void {
    this.#known.set(prefix.slice(this.#root.length), { group, resource });
  }

  of(key: string): StoredResource {
    const from = this.#root.length;
    const first = key.indexOf('/', from);
    if (first < 0) return { group: '', resource: key.slice(from) };
    const known = this.#known.get(key.slice(from, first + 1));
    if (known !== undefined) return known;
    const end = key.indexOf('/', first + 1);
    const second = end < 0 ? key.length : end;
    const folder = this.#known.get(`${key.slice(from, second)}/`);
    if (folder !== undefined) return folder;
    const group = key.slice(from, first);
    return group.includes('.') ? { group, resource: key.slice(first + 1, second) } : { group: '', resource: group };
  }
}
