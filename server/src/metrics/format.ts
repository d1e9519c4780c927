/** Prometheus' text format: numbers and label values as its Go library writes them. */

/** Go's shortest form: an exponent from 1e+06 on and below 1e-04. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  const magnitude = Math.abs(value);
  if (value === 0 || (magnitude >= 1e-4 && magnitude < 1e6)) return String(value);
  const [mantissa = '', exponent = '+0'] = value.toExponential().split('e');
  const sign = exponent.startsWith('-') ? '-' : '+';
  const digits = exponent.replace(/^[+-]/, '');
  return `${mantissa}e${sign}${digits.padStart(2, '0')}`;
}

function escapeLabel(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', String.raw`\n`)
    : value;
}

/** `a="1",b="2"`, without braces, in the order of the names. */
export function formatLabels(names: readonly string[], values: readonly string[]): string {
  const pairs = names.map((name, index) => ({ name, value: values[index] ?? '' }));
  pairs.sort((a, b) => (a.name < b.name ? -1 : 1));
  return pairs.map(({ name, value }) => `${name}="${escapeLabel(value)}"`).join(',');
}

export function sample(name: string, labels: string, value: number): string {
  return `${name}${labels === '' ? '' : `{${labels}}`} ${formatNumber(value)}`;
}
