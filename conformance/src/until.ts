import type { PromiseContext } from './context.ts';

/** Asks again and again, for what tells nobody when it comes true. */
export async function until(context: PromiseContext, what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) {
    context.signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
