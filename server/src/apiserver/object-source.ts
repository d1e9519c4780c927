/** ObjectSource over the stores' caches: what authorization decides by, as fresh as the watch cache. */
import type { GroupResource, KubernetesObject } from '@typernetes/openapi/meta';
import type { ChangeType, ObjectSource } from '../authorization/object-source.ts';
import type { Logger } from '../endpoints/request-context.ts';
import { EntryView } from '../registry/generic/entry-view.ts';
import type { RegistryStore } from '../registry/generic/store.ts';

const reopenMs = 1000;

export function objectSource(storeOf: (resource: GroupResource) => RegistryStore, logger: Logger): ObjectSource {
  return {
    async list<T extends KubernetesObject>(resource: GroupResource) {
      const store = storeOf(resource);
      const { entries } = await store.storage.list({ prefix: store.definition.prefix });
      return entries.map((entry) => EntryView.of(entry).parse<T>());
    },
    onChange<T extends KubernetesObject>(
      resource: GroupResource,
      handler: (type: ChangeType, object: Readonly<T>) => void,
    ) {
      // A custom resource gets another store when its definition changes.
      let store = storeOf(resource);
      const { prefix } = store.definition;
      let stopped = false;
      let stop: (() => void) | undefined;
      /** What the handler has been told of, so that a gap in the watch can be made good from a list. */
      const start = async (afterRevision: number): Promise<void> => {
        if (stopped) return;
        const watch = store.storage.watch(
          { prefix, afterRevision },
          {
            event(event) {
              if (event.type !== 'progress') handler(event.type, EntryView.of(event.entry).shared<T>());
            },
            end(error) {
              if (stopped) return;
              if (error === undefined) {
                setTimeout(() => void resume(), reopenMs).unref();
                return;
              }
              logger.warn({ error: error.message, prefix }, 'authorization lost its watch, starting again');
              void resume();
            },
          },
        );
        stop = () => watch.stop();
      };
      const resume = async (): Promise<void> => {
        for (;;) {
          if (stopped) return;
          try {
            store = storeOf(resource);
            const { entries, revision } = await store.storage.list({ prefix });
            for (const entry of entries) handler('put', EntryView.of(entry).parse<T>());
            await start(revision);
            return;
          } catch (error) {
            logger.warn({ error: (error as Error).message, prefix }, 'authorization cannot list');
            await new Promise((resolve) => setTimeout(resolve, reopenMs).unref());
          }
        }
      };
      void store.storage.currentRevision().then(start, resume);
      return () => {
        stopped = true;
        stop?.();
      };
    },
  };
}
