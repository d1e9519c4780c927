import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatNumber } from './format.ts';
import { Counter, Gauge, Histogram, MetricsRegistry, TimingRatioHistogram } from './index.ts';

test('numbers are written as Go writes them', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [1.5, '1.5'],
    [0.005, '0.005'],
    [999_999, '999999'],
    [1_000_000, '1e+06'],
    [1_234_567, '1.234567e+06'],
    [0.00001, '1e-05'],
    [Number.POSITIVE_INFINITY, '+Inf'],
  ];
  for (const [value, text] of cases) assert.equal(formatNumber(value), text);
});

test('metrics are exposed by name, with stability, escaped labels and cumulative buckets', async () => {
  const registry = new MetricsRegistry();
  const durations = registry.register(
    new Histogram({ name: 'b_seconds', help: 'Durations.', stability: 'STABLE', labels: ['verb'], buckets: [1, 2] }),
  );
  const total = registry.register(
    new Counter({ name: 'a_total', help: 'All.', stability: 'ALPHA', labels: ['x', 'y'] }),
  );
  registry.register(new Gauge({ name: 'c_unused', help: 'None.', stability: 'BETA' }));
  total.with('q"u\\o\n', '1').inc(2);
  durations.with('get').observe(1);
  durations.with('get').observe(1.5);
  durations.with('get').observe(9);
  assert.deepEqual((await registry.text()).split('\n'), [
    '# HELP a_total [ALPHA] All.',
    '# TYPE a_total counter',
    String.raw`a_total{x="q\"u\\o\n",y="1"} 2`,
    '# HELP b_seconds [STABLE] Durations.',
    '# TYPE b_seconds histogram',
    'b_seconds_bucket{verb="get",le="1"} 1',
    'b_seconds_bucket{verb="get",le="2"} 2',
    'b_seconds_bucket{verb="get",le="+Inf"} 3',
    'b_seconds_sum{verb="get"} 11.5',
    'b_seconds_count{verb="get"} 3',
    '',
  ]);
});

test('a timing ratio counts nanoseconds at each value', () => {
  let now = 0;
  const histogram = new TimingRatioHistogram(
    { name: 'r', help: 'Ratio.', stability: 'ALPHA', buckets: [0, 0.5] },
    () => now,
  );
  const ratio = histogram.ratio();
  ratio.setDenominator(4, now);
  now = 1;
  ratio.add(2, now);
  now = 3;
  ratio.add(2, now);
  now = 4;
  assert.deepEqual(histogram.expose().slice(2), [
    'r_bucket{le="0"} 1e+06',
    'r_bucket{le="0.5"} 3e+06',
    'r_bucket{le="+Inf"} 4e+06',
    'r_sum 2e+06',
    'r_count 4e+06',
  ]);
});
