import type { ServerResponse } from 'node:http';
import { FakeFailure, type FakeRequest, selects, shown } from './requests.ts';
import type { Change, FakeStore } from './store.ts';

/** Streams changes after the requested revision; an object that comes to match, or stops, is ADDED or DELETED. */
export function serveWatch(
  store: FakeStore,
  request: FakeRequest,
  response: ServerResponse,
  watches: Set<{ end(): void }>,
): void {
  const from = Number(request.query.get('resourceVersion') ?? 0) || store.revision;
  const backlog = store.since(from);
  if (!backlog) throw new FakeFailure(410, 'Expired', 'too old resource version');
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const send = (change: Change): void => {
    const type = eventType(request, change);
    if (type) response.write(`${JSON.stringify({ type, object: shown(request, change.object) })}\n`);
  };
  for (const change of backlog) send(change);
  const stop = store.onChange(send);
  const end = (): void => {
    stop();
    watches.delete(watch);
    response.end();
  };
  const watch = { end };
  watches.add(watch);
  response.once('close', end);
}

function eventType(request: FakeRequest, change: Change): Change['type'] | undefined {
  if (change.resource !== request.resource) return undefined;
  if (request.name !== undefined && change.object.metadata?.name !== request.name) return undefined;
  const before = change.previous !== undefined && selects(request, change.previous);
  const after = change.type !== 'DELETED' && selects(request, change.object);
  if (after) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}
