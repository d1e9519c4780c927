/**
 * Calls `create` `count` times, in batches of 1, 2, 4 … at once; after a batch with a failure no further one starts, so
 * that what is bound to fail (a used-up quota) fails once and not a hundred times.
 * @returns how many succeeded, and the first error
 */
export async function slowStart(
  count: number,
  create: () => Promise<void>,
): Promise<{ succeeded: number; error: unknown }> {
  let succeeded = 0;
  for (let size = Math.min(1, count); size > 0; size = Math.min(2 * size, count - succeeded)) {
    const results = await Promise.allSettled(Array.from({ length: size }, create));
    const failure = results.find((result) => result.status === 'rejected');
    succeeded += results.filter((result) => result.status === 'fulfilled').length;
    if (failure) return { succeeded, error: failure.reason };
  }
  return { succeeded, error: undefined };
}
