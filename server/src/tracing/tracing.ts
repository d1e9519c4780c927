import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { WatchObserver } from '../endpoints/metrics.ts';
import type { Filter, Handler, Logger, RequestContext } from '../endpoints/request-context.ts';
import type { Storage } from '../storage/storage.ts';
import { parseTracingConfiguration } from './configuration.ts';
import { connectExporter } from './exporter.ts';
import { filterSpan, handlerSpan, tracedWatch, withServerSpan } from './filters.ts';
import { TracedStorage } from './traced-storage.ts';
import { Tracer } from './tracer.ts';

export interface Tracing {
  /** The filter, in a span of this name. */
  filter(name: string, filter: Filter): Filter;
  server: Filter;
  handle(context: RequestContext, handler: Handler): Promise<void>;
  watch(context: RequestContext, observer: WatchObserver): WatchObserver;
  storage(storage: Storage, kind: string, root: string): Storage;
  /** Sends what is left. */
  close(): Promise<void>;
}

const farewellMs = 2000;

/** Throws where the file cannot be used. */
export async function openTracing(file: string, logger: Logger): Promise<Tracing> {
  const text = await readFile(file, 'utf8').catch(() => {
    throw new Error(`tracing-config-file ${file} does not exist`);
  });
  let configuration: ReturnType<typeof parseTracingConfiguration>;
  try {
    configuration = parseTracingConfiguration(text);
  } catch (error) {
    throw new Error(`failed to read tracing config: ${(error as Error).message}`, { cause: error });
  }
  const exporter = connectExporter(configuration.endpoint, {
    'service.name': 'apiserver',
    'service.instance.id': `apiserver-${randomUUID()}`,
  });
  let closing = false;
  const tracer = new Tracer({
    samplingRatePerMillion: configuration.samplingRatePerMillion,
    send: (spans) =>
      exporter.send(spans, closing ? farewellMs : undefined).catch((error: unknown) => {
        logger.warn({ error: (error as Error).message, spans: spans.length }, 'spans were not taken by the collector');
      }),
    randomBytes,
  });
  return {
    filter: (name, filter) => filterSpan(tracer, name, filter),
    server: withServerSpan(tracer),
    handle: handlerSpan,
    watch: tracedWatch,
    storage: (storage, kind, root) => new TracedStorage(storage, kind, root),
    async close() {
      closing = true;
      await tracer.flush();
      exporter.close();
    },
  };
}
