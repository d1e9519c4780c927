/** The place of a field in an object, for messages: `path('spec').child('containers').index(0).key('a')`. Immutable. */
export class FieldPath {
  /** Undefined at the top. Valid objects are never told where they are wrong, so the text is put together on demand. */
  readonly #parent: FieldPath | undefined;
  readonly #own: string | number;
  readonly #isKey: boolean;

  constructor(own: string | number, parent?: FieldPath, isKey = false) {
    this.#own = own;
    this.#parent = parent;
    this.#isKey = isKey;
  }

  child(...names: string[]): FieldPath {
    return new FieldPath(names.length === 1 ? names[0]! : names.join('.'), this);
  }

  index(index: number): FieldPath {
    return new FieldPath(index, this, true);
  }

  key(key: string): FieldPath {
    return new FieldPath(key, this, true);
  }

  toString(): string {
    const own = this.#own;
    const before = this.#parent?.toString() ?? '';
    if (this.#isKey) return `${before}[${own}]`;
    return before === '' ? String(own) : `${before}.${own}`;
  }
}

export function path(...names: string[]): FieldPath {
  return new FieldPath(names.join('.'));
}
