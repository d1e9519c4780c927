/** What an operator changes about metrics that misbehave: some are not shown, some labels have few values. */

/** By label: the values that are told apart. */
export type AllowedLabels = ReadonlyMap<string, ReadonlySet<string>>;

export interface MetricRestrictions {
  /** By name. */
  disabled: ReadonlySet<string>;
  /** By name of the metric. */
  allowedLabels: ReadonlyMap<string, AllowedLabels>;
  /** Show what upstream has deprecated and hides. */
  showHidden: boolean;
}

/** Every other value of a label becomes this one. */
const unexpected = 'unexpected';

/** What is made of the values of a metric's labels; `noticed` hears of each that is not allowed. */
export function constrain(
  labels: readonly string[],
  allowed: AllowedLabels,
  noticed: () => void,
): (values: string[]) => string[] {
  const byPosition = labels.map((label) => allowed.get(label));
  return (values) =>
    values.map((value, index) => {
      if (byPosition[index]?.has(value) !== false) return value;
      noticed();
      return unexpected;
    });
}
