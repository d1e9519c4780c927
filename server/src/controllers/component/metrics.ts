/** Prometheus text of this process. */
export async function componentMetrics(): Promise<string> {
  return (await import('../../metrics/process.ts')).processMetrics();
}
