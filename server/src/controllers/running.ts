import type { Running } from '@typernetes/openapi/client';

/** Starts controllers. Stopping first takes their handlers off the informers, so that nothing new is queued. */
export function startControllers(
  controllers: readonly { start(): Running }[],
  registrations: readonly { remove(): void }[],
): Running {
  const running = controllers.map((controller) => controller.start());
  return {
    ready: Promise.all(running.map(({ ready }) => ready)).then(() => undefined),
    stop: async () => {
      for (const registration of registrations) registration.remove();
      await Promise.all(running.map((each) => each.stop()));
    },
  };
}
