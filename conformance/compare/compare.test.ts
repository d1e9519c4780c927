import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Case, changed, type Json, type JsonObject } from './case.ts';
import { corpus } from './corpus/index.ts';
import { differences } from './difference.ts';
import { Normaliser } from './normalise.ts';
import { closingLine, describeCase, explainedList, totals } from './report.ts';
import { runCases } from './run.ts';
import { type Answer, parseBody, type Request, splitWarnings, type Target } from './target.ts';

/** A cluster of one kind: keeps what it is given, chooses uids and versions, and can be told to answer otherwise. */
class FakeCluster implements Target {
  readonly name: string;
  readonly requests: Request[] = [];
  private readonly objects = new Map<string, JsonObject>();
  private readonly firstUid: number;
  private readonly quirk: (answer: Answer, request: Request) => Answer;
  private version: number;

  constructor(
    name: string,
    firstUid: number,
    quirk: (answer: Answer, request: Request) => Answer = (answer) => answer,
  ) {
    this.name = name;
    this.firstUid = firstUid;
    this.version = firstUid * 1_000;
    this.quirk = quirk;
  }

  send(request: Request): Promise<Answer> {
    this.requests.push(request);
    return Promise.resolve(this.quirk(this.answer(request), request));
  }

  close(): void {
    this.objects.clear();
  }

  private answer({ method, path: target, body }: Request): Answer {
    const path = target.split('?')[0] ?? '';
    const reply = (status: number, object: Json): Answer => ({
      status,
      contentType: 'application/json',
      warnings: [],
      body: object,
    });
    if (method === 'POST') {
      const sent = JSON.parse(body ?? '{}') as JsonObject;
      const metadata = sent['metadata'] as JsonObject;
      this.version++;
      const uid = `00000000-0000-0000-0000-${String(this.firstUid + this.version).padStart(12, '0')}`;
      const made: JsonObject = {
        ...sent,
        metadata: {
          ...metadata,
          uid,
          resourceVersion: String(this.version),
          creationTimestamp: '2026-01-02T03:04:05Z',
        },
      };
      this.objects.set(`${path}/${metadata['name'] as string}`, made);
      return reply(201, made);
    }
    const found = this.objects.get(path);
    if (method === 'DELETE') this.objects.delete(path);
    if (found === undefined) return reply(404, { kind: 'Status', reason: 'NotFound', message: `${path} is not there` });
    return reply(200, found);
  }
}

const collection = '/api/v1/namespaces/$ns/things';
const life: Case = {
  name: 'things: a life',
  steps: [
    {
      method: 'POST',
      path: collection,
      body: { metadata: { name: 'one' }, chosen: '11111111-1111-1111-1111-111111111111' },
      as: 'made',
    },
    { method: 'GET', path: `${collection}/one` },
    { method: 'GET', path: `${collection}/one?uid={{made.metadata.uid}}`, label: 'with its uid' },
    { method: 'GET', path: `${collection}/absent` },
  ],
};
const run = (first: Target, second: Target, explanations: Parameters<typeof runCases>[3]['explanations'] = []) =>
  runCases([life], first, second, { explanations, parallel: 1 });

describe('two clusters', () => {
  test('that differ in uids, versions and names of namespaces only are equal', async () => {
    const outcomes = await run(new FakeCluster('a', 1), new FakeCluster('b', 2));
    assert.deepEqual(totals(outcomes), { cases: 1, requests: 4, equal: 4, explained: 0, differ: 0 });
  });

  test('each fill in values of their own earlier answers', async () => {
    const first = new FakeCluster('a', 1);
    const second = new FakeCluster('b', 2);
    await run(first, second);
    const uid = (cluster: FakeCluster) =>
      cluster.requests.find(({ path }) => path.includes('uid='))?.path.split('uid=')[1];
    assert.match(uid(first) ?? '', /^0{8}-/);
    assert.notEqual(uid(first), uid(second));
  });

  test('one of which says something else are told apart, with both values', async () => {
    const warns = new FakeCluster('b', 2, (answer, { method }) =>
      method === 'GET' ? { ...answer, warnings: ['look out'] } : answer,
    );
    const outcomes = await run(new FakeCluster('a', 1), warns);
    assert.equal(totals(outcomes).differ, 3);
    const text = describeCase(outcomes[0] ?? assert.fail());
    assert.match(text, /with its uid/);
    assert.match(text, /warnings\[0\]\n {6}first: {2}\(absent\)\n {6}second: "look out"/);
  });

  test('may differ where it is explained, and the reason is listed', async () => {
    const other = new FakeCluster('b', 2, (answer) => (answer.status === 404 ? { ...answer, status: 500 } : answer));
    const outcomes = await run(new FakeCluster('a', 1), other, [
      { reason: 'A better answer.', at: /^status$/, first: /404/, second: /500/ },
    ]);
    assert.equal(closingLine(totals(outcomes)), '4 requests in 1 cases: 3 equal, 1 differ as explained, 0 differ');
    assert.match(explainedList(outcomes), /^A better answer\.\n {2}things: a life: GET .*absent: status/);
  });

  test('a value that the client sent is compared as it is', async () => {
    const forgets = new FakeCluster('b', 2, (answer, { method }) =>
      method === 'GET' && answer.status === 200
        ? { ...answer, body: { ...(answer.body as JsonObject), chosen: '22222222-2222-2222-2222-222222222222' } }
        : answer,
    );
    const outcomes = await run(new FakeCluster('a', 1), forgets);
    assert.equal(totals(outcomes).differ, 2);
  });

  test('are left as they were found', async () => {
    const cluster = new FakeCluster('a', 1);
    const scoped: Case = {
      name: 'x',
      steps: [{ method: 'POST', path: '/api/v1/things', body: { metadata: { name: '$ns-a' } } }],
    };
    await runCases([scoped], cluster, new FakeCluster('b', 2), { explanations: [], parallel: 1 });
    const made = cluster.requests[0]?.body ?? '';
    const { name } = (JSON.parse(made) as { metadata: { name: string } }).metadata;
    assert.ok(cluster.requests.some(({ method, path }) => method === 'DELETE' && path === `/api/v1/things/${name}`));
  });
});

describe('normalising', () => {
  const shown = (body: Json) =>
    new Normaliser('the-namespace').answer({ status: 200, contentType: '', warnings: [], body }).body;

  test('names that were generated, wherever they are said', () => {
    const body = { metadata: { generateName: 'made-', name: 'made-x7k2p' }, spec: { of: 'made-x7k2p' } };
    assert.deepEqual(shown(body), {
      metadata: { generateName: 'made-', name: 'made-<random>' },
      spec: { of: 'made-<random>' },
    });
  });

  test('ages and addresses in cells, but no numbers', () => {
    assert.deepEqual(shown({ cells: ['web', '10.96.3.4', '5m12s', 80, '<none>'] }), {
      cells: ['web', '<ip>', '<age>', 80, '<none>'],
    });
  });

  test('node ports in cells, and the order of fields in quoted objects', () => {
    assert.deepEqual(shown({ cells: ['80:31796/TCP', '80:8080/TCP'] }), { cells: ['80:<port>/TCP', '80:8080/TCP'] });
    const quoted = (object: object) => `cannot decode ${JSON.stringify(JSON.stringify(object))}: no`;
    const said = (object: object) => shown({ message: quoted(object) });
    assert.deepEqual(said({ a: 1, b: { c: 2, d: 3 } }), said({ b: { d: 3, c: 2 }, a: 1 }));
    assert.notDeepEqual(said({ a: 1 }), said({ a: 2 }));
    assert.deepEqual(said({ resourceVersion: '17' }), said({ resourceVersion: '18' }));
  });

  test('the namespace and times', () => {
    assert.deepEqual(shown({ at: '2026-01-02T03:04:05Z', in: 'the-namespace' }), { at: '<time>', in: '$ns' });
  });
});

test('differences name the field, down to the item of a list', () => {
  const answer = (body: Json): Answer => ({ status: 200, contentType: '', warnings: [], body });
  assert.deepEqual(differences(answer({ a: [1, { b: 2 }] }), answer({ a: [1, { b: 3 }, 4] })), [
    { at: 'body.a[1].b', first: 2, second: 3 },
    { at: 'body.a[2]', first: undefined, second: 4 },
  ]);
});

test('changes reach into lists and make what is not there', () => {
  const object = { a: { b: [{ c: 1 }] } };
  assert.deepEqual(changed(object, { 'a/b/0/c': undefined, 'a/x/y': 2, 'a/b/1': 3, 'l/0/m': 4 }), {
    a: { b: [{}, 3], x: { y: 2 } },
    l: [{ m: 4 }],
  });
  assert.deepEqual(changed({ labels: {} }, { 'labels/a~1b': 'c' }), { labels: { 'a/b': 'c' } });
  assert.deepEqual(object, { a: { b: [{ c: 1 }] } });
});

test('warnings and watch events are read one by one', () => {
  assert.deepEqual(splitWarnings('299 - "one, and", 299 - "two \\"quoted\\""'), ['one, and', 'two "quoted"']);
  assert.deepEqual(parseBody('application/json', Buffer.from('{"type":"ADDED"}\n{"type":"DELETED"}\n')), [
    { type: 'ADDED' },
    { type: 'DELETED' },
  ]);
});

test('the corpus has more than 4,000 requests in cases of different names', () => {
  const cases = corpus();
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
  const requests = cases.flatMap(({ steps }) => steps).length;
  assert.ok(requests > 4_000, `${requests}`);
});
