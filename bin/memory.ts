/**
 * V8 takes memory as a browser's page may and gives it back late. A process of ours keeps little of what it makes: the
 * young generation is bounded to a quarter of what V8 would let it grow to, the old one to 1.6 times what was alive
 * (V8's own factor is up to 4), and what is left over when it gets quiet is given back after a second instead of eight.
 */
import { PerformanceObserver } from 'node:perf_hooks';
import v8 from 'node:v8';

const youngBytes = 32 * 1024 * 1024;

export function boundMemory(): void {
  v8.setFlagsFromString('--heap-growing-percent=60');
  v8.setFlagsFromString('--gc-memory-reducer-start-delay-ms=1000');
  boundYoungGeneration();
}

/** V8 takes a limit at its start only, but can be told at any time to grow no further. */
function boundYoungGeneration(): void {
  const observer = new PerformanceObserver(() => {
    const young = v8.getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
    if (young === undefined || young.space_size < youngBytes) return;
    v8.setFlagsFromString('--semi-space-growth-factor=1');
    observer.disconnect();
  });
  observer.observe({ entryTypes: ['gc'] });
}

/**
 * For the environment of our processes, where the system's malloc is glibc's: one arena. The few threads of Node that
 * allocate at the same time do not need more, and each further one holds on to what was freed in it: 30 MiB of an API
 * server with 5,000 pods.
 */
export const mallocEnvironment = { MALLOC_ARENA_MAX: '1' };
