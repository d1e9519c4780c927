/** How libraries declare functions: a signature, what it does, and what it costs where that differs from one. */
import { parseSignature } from '../types/parse-type.ts';
import type { Type } from '../types/type.ts';
import type { Value } from '../values/value.ts';

export interface Overload {
  readonly name: string;
  readonly member: boolean;
  /** The receiver first, where there is one. */
  readonly params: readonly Type[];
  readonly result: Type;
  /** The signature's text: what cost estimates tell overloads apart by. */
  readonly id: string;
  readonly run: (...args: never[]) => Value;
}

export type Library = readonly Overload[];

/** The function gets values of the declared types: whoever calls an overload has checked that. */
export function define<A extends never[]>(signature: string, run: (...args: A) => Value): Overload {
  return { ...parseSignature(signature), id: signature, run: run as unknown as Overload['run'] };
}

/** All overloads of a name; `f` and `x.f` are told apart by `member`. */
export class FunctionTable {
  private readonly byName = new Map<string, Overload[]>();

  constructor(libraries: readonly Library[]) {
    for (const overload of libraries.flat()) {
      const found = this.byName.get(overload.name);
      if (found === undefined) this.byName.set(overload.name, [overload]);
      else found.push(overload);
    }
  }

  get(name: string): readonly Overload[] | undefined {
    return this.byName.get(name);
  }
}
