/** The place of a field in an object, for messages: `path('spec').child('containers').index(0).key('a')`. Immutable. */
export class FieldPath {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  child(...names: string[]): FieldPath {
    return new FieldPath([...(this.#text === '' ? [] : [this.#text]), ...names].join('.'));
  }

  index(index: number): FieldPath {
    return new FieldPath(`${this.#text}[${index}]`);
  }

  key(key: string): FieldPath {
    return new FieldPath(`${this.#text}[${key}]`);
  }

  toString(): string {
    return this.#text;
  }
}

export function path(...names: string[]): FieldPath {
  return new FieldPath(names.join('.'));
}
