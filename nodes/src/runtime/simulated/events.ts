/** Container events to any number of readers. A reader that falls 10,000 events behind is ended: it must relist. */
import type { ContainerEventResponse } from 'cri-client';
import { CriError } from 'cri-client';

const limit = 10_000;
const isAborted = (signal: AbortSignal | undefined): boolean => signal?.aborted === true;

interface Reader {
  queue: ContainerEventResponse[];
  overflowed: boolean;
  wake: (() => void) | undefined;
}

export class ContainerEvents {
  readonly #readers = new Set<Reader>();

  /** Whether anyone listens: an event need not be made otherwise. */
  get observed(): boolean {
    return this.#readers.size > 0;
  }

  publish(event: ContainerEventResponse): void {
    for (const reader of this.#readers) {
      if (reader.queue.length >= limit) reader.overflowed = true;
      else reader.queue.push(event);
      reader.wake?.();
    }
  }

  /** The reader counts from the call on, not from the first read: an event in between is not lost. */
  subscribe(signal?: AbortSignal): AsyncGenerator<ContainerEventResponse, void, undefined> {
    const reader: Reader = { queue: [], overflowed: false, wake: undefined };
    this.#readers.add(reader);
    const wake = (): void => reader.wake?.();
    signal?.addEventListener('abort', wake);
    const readers = this.#readers;
    async function* read(): AsyncGenerator<ContainerEventResponse, void, undefined> {
      try {
        while (!isAborted(signal)) {
          const batch = reader.queue.splice(0);
          if (batch.length > 0) yield* batch;
          else if (reader.overflowed)
            throw new CriError('RESOURCE_EXHAUSTED', 'the reader of container events fell behind');
          else {
            await new Promise<void>((resolve) => {
              reader.wake = resolve;
            });
            reader.wake = undefined;
          }
        }
      } finally {
        readers.delete(reader);
        signal?.removeEventListener('abort', wake);
      }
    }
    return read();
  }
}
