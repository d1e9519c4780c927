/** The numbers without those that are 0, which upstream's JSON leaves out. */
export function withoutZeros<T extends Record<string, number | undefined>>(numbers: T): Partial<T> {
  return Object.fromEntries(Object.entries(numbers).filter(([, value]) => value)) as Partial<T>;
}
