/** Counters, gauges and histograms. A child is looked up by its label values once and then kept: counting is an addition. */
import { formatLabels, formatNumber, sample } from './format.ts';
import { type AllowedLabels, constrain } from './restrictions.ts';

export type Stability = 'ALPHA' | 'BETA' | 'STABLE' | 'INTERNAL';

export interface MetricOptions {
  name: string;
  help: string;
  /** Absent for what is not Kubernetes' own. */
  stability?: Stability | undefined;
  labels?: readonly string[];
  /** Before the stability in the help text. */
  remark?: string;
}

export interface Metric {
  readonly name: string;
  readonly stability: Stability | undefined;
  /** Lines of the text format; nothing where there are no samples. */
  expose(): string[];
  /** From now on other values of these labels are not told apart; `noticed` hears of each. */
  allowOnly?(labels: AllowedLabels, noticed: () => void): void;
}

/** All children of one metric, by their label values. */
abstract class Family<Child> implements Metric {
  readonly name: string;
  readonly stability: Stability | undefined;
  readonly labels: readonly string[];
  readonly #header: string[];
  readonly #children = new Map<string, { labels: string; child: Child }>();
  #constrain: ((values: string[]) => string[]) | undefined;

  constructor({ name, help, stability, labels = [], remark = '' }: MetricOptions, type: string) {
    this.name = name;
    this.stability = stability;
    this.labels = labels;
    const text = help.replaceAll('\\', '\\\\').replaceAll('\n', String.raw`\n`);
    const level = stability === undefined ? '' : `[${stability}] `;
    this.#header = [`# HELP ${name} ${remark}${level}${text}`, `# TYPE ${name} ${type}`];
  }

  protected abstract create(): Child;
  protected abstract samples(labels: string, child: Child): string[];

  /** The child of these label values, in the order of `labels`; keep it where requests pass. */
  with(...given: string[]): Child {
    const values = this.#constrain?.(given) ?? given;
    const key = values.length === 1 ? values[0]! : values.join('\u0000');
    let known = this.#children.get(key);
    if (known === undefined) {
      known = { labels: formatLabels(this.labels, values), child: this.create() };
      this.#children.set(key, known);
    }
    return known.child;
  }

  allowOnly(labels: AllowedLabels, noticed: () => void): void {
    this.#constrain = constrain(this.labels, labels, noticed);
  }

  remove(...values: string[]): void {
    this.#children.delete(values.join('\u0000'));
  }

  clear(): void {
    this.#children.clear();
  }

  expose(): string[] {
    if (this.#children.size === 0) return [];
    const lines = [...this.#header];
    for (const { labels, child } of this.#children.values()) lines.push(...this.samples(labels, child));
    return lines;
  }
}

export class Cell {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }
  dec(by = 1): void {
    this.value -= by;
  }
  set(value: number): void {
    this.value = value;
  }
}

export class Counter extends Family<Pick<Cell, 'inc' | 'value'>> {
  constructor(options: MetricOptions) {
    super(options, 'counter');
  }
  protected create(): Cell {
    return new Cell();
  }
  protected samples(labels: string, child: Pick<Cell, 'value'>): string[] {
    return [sample(this.name, labels, child.value)];
  }
}

export class Gauge extends Family<Cell> {
  constructor(options: MetricOptions) {
    super(options, 'gauge');
  }
  protected create(): Cell {
    return new Cell();
  }
  protected samples(labels: string, child: Cell): string[] {
    return [sample(this.name, labels, child.value)];
  }
}

export class Distribution {
  readonly bounds: readonly number[];
  /** One per bound, and one for what is beyond the last. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number, times = 1): void {
    const { bounds } = this;
    let index = 0;
    while (index < bounds.length && value > bounds[index]!) index++;
    this.counts[index]! += times;
    this.sum += value * times;
  }
}

export class Histogram extends Family<Distribution> {
  readonly #bounds: readonly number[];

  constructor(options: MetricOptions & { buckets: readonly number[] }) {
    super(options, 'histogram');
    this.#bounds = options.buckets;
  }
  /** Shows what was counted elsewhere, over the same buckets. */
  show({ counts, sum }: Distribution, ...values: string[]): void {
    const child = this.with(...values);
    counts.forEach((count, index) => (child.counts[index] = count));
    child.sum = sum;
  }
  protected create(): Distribution {
    return new Distribution(this.#bounds);
  }
  protected samples(labels: string, child: Distribution): string[] {
    const prefix = labels === '' ? '' : `${labels},`;
    const lines: string[] = [];
    let count = 0;
    child.counts.forEach((own, index) => {
      count += own;
      const bound = index < child.bounds.length ? formatNumber(child.bounds[index]!) : '+Inf';
      lines.push(sample(`${this.name}_bucket`, `${prefix}le="${bound}"`, count));
    });
    return [...lines, sample(`${this.name}_sum`, labels, child.sum), sample(`${this.name}_count`, labels, count)];
  }
}
