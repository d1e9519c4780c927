/** One change to a pod, many watchers of pods: what a delivered event costs, and when the last of them has it. */
import { Connection } from './connection.ts';
import type { Sample } from './measure.ts';
import type { Target } from './target.ts';

const newline = 0x0a;

/** Every time is from the moment a change was sent until one watcher had all of it. */
export async function watchFanOut(target: Target, watchers: number, events: number): Promise<() => Promise<Sample>> {
  const { body } = await target.send({ method: 'GET', path: `${target.pods}?limit=1` }, 200);
  const { metadata, items } = JSON.parse(String(body)) as List;
  const path = `${target.pods}?watch=1&resourceVersion=${metadata.resourceVersion}`;
  const sent: number[] = [];
  const times: number[] = [];
  let bytes = 0;
  const everything = Promise.withResolvers<void>();
  const open = await Promise.all(Array.from({ length: watchers }, () => Connection.open(target.access)));
  await Promise.all(
    open.map((connection) => {
      let seen = 0;
      const received = (part: Buffer): void => {
        bytes += part.length;
        for (let at = part.indexOf(newline); at >= 0; at = part.indexOf(newline, at + 1)) {
          times.push(performance.now() - (sent[seen++] ?? 0));
          if (times.length === watchers * events) everything.resolve();
        }
      };
      return connection.follow(path, received).catch(everything.reject);
    }),
  );
  const name = items[0]?.metadata.name ?? '';
  const headers = { 'Content-Type': 'application/merge-patch+json' };
  return async () => {
    try {
      const started = performance.now();
      for (let event = 0; event < events; event += 1) {
        const change = JSON.stringify({ metadata: { annotations: { watched: `${started}-${event}` } } });
        sent.push(performance.now());
        await target.send({ method: 'PATCH', path: `${target.pods}/${name}`, headers, body: change }, 200);
      }
      await everything.promise;
      return { times, bytes, seconds: (performance.now() - started) / 1000 };
    } finally {
      for (const connection of open) connection.close();
    }
  };
}

interface List {
  metadata: { resourceVersion: string };
  items: { metadata: { name: string } }[];
}
