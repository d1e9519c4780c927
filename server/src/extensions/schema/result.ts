import { type FieldError, fieldErrorMessage } from '@typernetes/openapi/meta';

/** Errors, each once, and how far the value went well: anyOf and oneOf report the alternative that fitted best. */
export class Result {
  readonly #errors = new Map<string, FieldError>();
  matches = 0;

  get errors(): FieldError[] {
    return [...this.#errors.values()];
  }

  get isValid(): boolean {
    return this.#errors.size === 0;
  }

  add(error: FieldError): void {
    const key = `${error.type} ${fieldErrorMessage(error)}`;
    if (!this.#errors.has(key)) this.#errors.set(key, error);
  }

  merge(other: Result | undefined): void {
    if (other === undefined) return;
    for (const [key, error] of other.#errors) if (!this.#errors.has(key)) this.#errors.set(key, error);
    this.matches += other.matches;
  }
}
