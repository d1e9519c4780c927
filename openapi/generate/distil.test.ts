import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { differences, distil, previousSpec, specRoot } from './distil.ts';
import { distilSchema } from './distil-definitions.ts';
import { compactJson, readSpec, specDirectory, specFiles } from './spec.ts';
import { skipWithoutUpstream, upstreamDirectory } from './testing.ts';
import { readUpstream } from './upstream.ts';

const directory = specDirectory(specRoot);

test('distilling upstream again gives the committed spec', { skip: skipWithoutUpstream }, async () => {
  const upstream = await readUpstream({ from: upstreamDirectory ?? '' });
  assert.deepEqual(differences(specFiles(distil(upstream, previousSpec(directory))), directory), []);
});

test('a live server publishes no protobuf numbers: those of the spec stay', { skip: skipWithoutUpstream }, async () => {
  const upstream = { ...(await readUpstream({ from: upstreamDirectory ?? '' })), protobuf: undefined };
  assert.deepEqual(differences(specFiles(distil(upstream, previousSpec(directory))), directory), []);
  assert.deepEqual(distil(upstream, undefined).protobuf, {});
});

test('reading and writing the spec changes nothing', () => {
  assert.deepEqual(differences(specFiles(readSpec(directory)), directory), []);
  assert.notEqual(differences(new Map([['index.json', '{}']]), directory).length, 0);
});

test('the spec holds no prose', () => {
  for (const [name, content] of specFiles(readSpec(directory))) {
    assert.doesNotMatch(content, /"description": ?"/, path.join(directory, name));
  }
});

test('a schema is reduced to its facts', () => {
  const upstream = {
    description: 'text',
    type: 'object',
    properties: {
      description: { description: 'a property of that name', type: 'string' },
      spec: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }], default: {}, description: 'text' },
    },
  };
  assert.deepEqual(distilSchema(upstream), {
    type: 'object',
    properties: { description: { type: 'string' }, spec: { $ref: 'io.k8s.api.core.v1.PodSpec', default: {} } },
  });
});

test('compact JSON keeps lines short and parses back', () => {
  const value = {
    short: [1, 2],
    long: Array.from({ length: 80 }, (_, index) => `item ${index}`),
    nested: { a: { b: null } },
  };
  const text = compactJson(value);
  assert.deepEqual(JSON.parse(text), value);
  assert.ok(text.split('\n').every((line) => line.length <= 145));
  assert.match(text, /"short": \[1,2\]/);
});
