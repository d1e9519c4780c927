import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeYaml } from './decode-yaml.ts';
import { CodecError } from './serializer.ts';
import { yamlSerializer } from './yaml-serializer.ts';

const yaml = (text: string): Buffer => Buffer.from(text);
const many = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');

test('long documents are read as short ones are, duplicates and big integers included', async () => {
  const bytes = yaml(
    `kind: A\nbig: 9007199254740993\nkind: B\ndata:\n${many(2_000, (index) => `  k${index}: "${index}"\n`)}`,
  );
  for (const strict of [true, false])
    assert.deepEqual(await decodeYaml(bytes, { strict }), yamlSerializer.decode(bytes, { strict }));
  const { object } = await decodeYaml(bytes);
  assert.match(JSON.stringify(object), /"big":9007199254740993,/);
});

test('others are served while a long document is read, and several are answered in their order', async () => {
  const bytes = yaml(`data:\n${many(20_000, (index) => `- ${index}\n`)}`);
  let turns = 0;
  const interval = setInterval(() => turns++, 1);
  const order: number[] = [];
  try {
    await Promise.all([0, 1, 2].map(async (index) => decodeYaml(bytes).then(() => order.push(index))));
  } finally {
    clearInterval(interval);
  }
  assert.deepEqual(order, [0, 1, 2]);
  assert.ok(turns > 20, `${turns} turns of the event loop`);
});

test('what is refused is refused in the same words', async () => {
  for (const text of [`${many(2_000, (index) => `k${index}: 1\n`)}\tx: [`, '['.repeat(20_000), '- 1\n'.repeat(5_000)]) {
    const bytes = yaml(text);
    let expected = '';
    try {
      yamlSerializer.decode(bytes);
    } catch (error) {
      if (error instanceof CodecError) expected = error.message;
    }
    assert.notEqual(expected, '');
    await assert.rejects(decodeYaml(bytes), (error) => error instanceof CodecError && error.message === expected);
  }
});

test('long JSON is no matter for the thread', async () => {
  const text = JSON.stringify({ data: 'x'.repeat(50_000) });
  assert.deepEqual((await decodeYaml(yaml(text))).object, JSON.parse(text));
});
