import { StringDecoder } from 'node:string_decoder';
import { type KubernetesObject, statusErrorFrom } from '../meta/index.ts';
import type { WatchOptions } from './resource-client.ts';
import { type ResourceType, resourcePath } from './resource-type.ts';

import type { RestClient } from './rest-client.ts';
import { ConnectionError } from './transport.ts';

export type WatchEvent<T extends KubernetesObject> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  /** Everything up to this object's resourceVersion has been sent; nothing else of the object is set. */
  | { type: 'BOOKMARK'; object: KubernetesObject };

/** Lines of a byte stream, without their line breaks. */
async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string, void, undefined> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const text = decoder.write(chunk);
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      const line = rest + text.slice(start, end);
      rest = '';
      start = end + 1;
      if (line !== '') yield line;
    }
    rest += text.slice(start);
  }
  rest += decoder.end();
  if (rest.trim() !== '') yield rest;
}

export async function* readWatch<T extends KubernetesObject>(
  client: RestClient,
  resource: ResourceType<T>,
  namespace: string | undefined,
  options: WatchOptions,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  const { signal, metadataOnly, ...query } = options;
  const path = resourcePath(resource, namespace);
  const response = await client.stream({
    method: 'GET',
    path,
    query: { watch: true, ...query },
    ...(metadataOnly
      ? { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json' }
      : {}),
    ...(signal ? { signal } : {}),
  });
  try {
    for await (const line of readLines(response)) {
      const event = JSON.parse(line) as { type: string; object: KubernetesObject };
      switch (event.type) {
        case 'ADDED':
        case 'MODIFIED':
        case 'DELETED':
          yield { type: event.type, object: event.object as T };
          break;
        case 'BOOKMARK':
          yield { type: 'BOOKMARK', object: event.object };
          break;
        case 'ERROR':
          throw statusErrorFrom(event.object);
        default:
          throw new ConnectionError('EPROTO', `watch ${path}: unknown event type ${JSON.stringify(event.type)}`);
      }
    }
  } catch (error) {
    if (signal?.aborted) return;
    throw isSocketError(error)
      ? new ConnectionError(error.code, `watch ${path}: ${error.message}`, { cause: error })
      : error;
  } finally {
    response.destroy();
  }
}

function isSocketError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
}
