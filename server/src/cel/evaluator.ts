import { EvaluationError, type Value } from './values/value.ts';

export type Lookup = (name: string) => Value | undefined;

export class State {
  readonly slots: (Value | EvaluationError | undefined)[] = [];
  readonly lookup: Lookup;
  readonly limit: number;
  cost = 0;

  constructor(lookup: Lookup, limit: number) {
    this.lookup = lookup;
    this.limit = limit;
  }

  spend(cost: number): void {
    this.cost += cost;
    if (this.cost > this.limit) {
      throw new EvaluationError('operation cancelled: actual cost limit exceeded', 'costLimit');
    }
  }
}

export type Evaluator = (state: State) => Value;

export const noOverload = (): EvaluationError => new EvaluationError('no such overload');
