/** Work done at once and again after each interval, one after the other; what fails is reported and tried the next time. */
export interface Repeated {
  /** Resolves when the work was done, or tried, once. */
  readonly first: Promise<void>;
  /** Resolves when the work under way is done. */
  stop(): Promise<void>;
}

export function repeat(work: () => Promise<void>, intervalMs: number, report: (error: unknown) => void): Repeated {
  const first = work().catch(report);
  let running = first;
  const timer = setInterval(() => {
    running = running.then(work).catch(report);
  }, intervalMs);
  timer.unref();
  return {
    first,
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}
