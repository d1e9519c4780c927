/**
 * V8 lets the young generation grow to 128 MiB on a big machine and never gives it back. A process of ours keeps little
 * of what it makes, so a quarter of that collects nearly as seldom.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import v8 from 'node:v8';

const limitBytes = 32 * 1024 * 1024;

/** V8 takes a limit at its start only, but can be told at any time to grow no further. */
export function boundYoungGeneration(): void {
  const observer = new PerformanceObserver(() => {
    const young = v8.getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    if (young === undefined || young.space_size < limitBytes) return;
    v8.setFlagsFromString('--semi-space-growth-factor=1');
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}
