/** How much of a list is asked of etcd at once: what does not come within the time of a call would never come. */

const firstPage = 500;
const largestPage = 5000;
const pageBytes = 16 * 1024 * 1024;

export function firstPageSize(limit: number): number {
  return limit > 0 ? Math.min(limit + 1, firstPage) : firstPage;
}

/** Twice as many as before, as what is selected may be rare, but no more than some megabytes by the size of these. */
export function nextPageSize(size: number, values: readonly { value: Uint8Array }[]): number {
  const bytes = values.reduce((sum, { value }) => sum + value.length, 0);
  const fitting = bytes === 0 ? largestPage : Math.floor((pageBytes * values.length) / bytes);
  return Math.max(1, Math.min(size * 2, largestPage, fitting));
}
