import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod } from '@typernetes/openapi/types/core/v1';
import { UnknownNodes } from './orphans.ts';

const pod = (nodeName?: string): Pod => ({ spec: { containers: [], ...(nodeName === undefined ? {} : { nodeName }) } });
const never = (): Promise<boolean> => Promise.resolve(false);

/** What is gone after each step: milliseconds, and the nodes of the pods that are there. */
async function run(steps: [at: number, nodes: string[]][], known: string[] = [], exists = never): Promise<string[][]> {
  const nodes = new UnknownNodes();
  const gone: string[][] = [];
  for (const [at, names] of steps)
    gone.push([...(await nodes.gone(names.map(pod), at, (node) => known.includes(node), exists))]);
  return gone;
}

test('a node that stays unknown is gone after forty seconds', async () => {
  assert.deepEqual(
    await run([
      [0, ['lost', 'lost']],
      [20_000, ['lost']],
      [40_000, ['lost', 'lost']],
    ]),
    [[], [], ['lost']],
  );
});

test('a pod that is bound to a node that was judged before waits as long', async () => {
  assert.deepEqual(
    await run([
      [0, ['lost']],
      [40_000, ['lost']],
      [60_000, ['lost']],
      [80_000, ['lost']],
      [100_000, ['lost']],
    ]),
    [[], ['lost'], [], [], ['lost']],
  );
  assert.deepEqual(
    await run([
      [0, ['lost']],
      [20_000, []],
      [40_000, ['lost']],
      [60_000, ['lost']],
    ]),
    [[], [], [], []],
  );
});

test('a node that the cache knows, or that is there after all, keeps its pods', async () => {
  const steps: [number, string[]][] = [
    [0, ['new']],
    [40_000, ['new']],
  ];
  assert.deepEqual(await run(steps, ['new']), [[], []]);
  assert.deepEqual(await run(steps, [], () => Promise.resolve(true)), [[], []]);
});

test('pods that are on no node are nobody’s orphans', async () => {
  const nodes = new UnknownNodes();
  for (const now of [0, 40_000]) assert.equal((await nodes.gone([pod(), pod('')], now, () => false, never)).size, 0);
});
