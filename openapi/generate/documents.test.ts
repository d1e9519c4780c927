import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { noDescriptions } from './descriptions.ts';
import { specRoot } from './distil.ts';
import { DocumentBuilder } from './documents.ts';
import { type JsonMap, readSpec, specDirectory } from './spec.ts';
import { skipWithoutUpstream, upstreamDirectory } from './testing.ts';

const builder = new DocumentBuilder(readSpec(specDirectory(specRoot)), noDescriptions);
const upstream = (name: string): JsonMap =>
  JSON.parse(readFileSync(path.join(upstreamDirectory ?? '', name), 'utf8')) as JsonMap;

/**
 * What is compared: everything but descriptions (ours come from elsewhere, operations have none, parameters in v2 only) and enums
 * (the saved documents were made without). An `allOf` of one reference is the reference.
 */
function facts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(facts);
  if (value === null || typeof value !== 'object') return value;
  const { allOf, ...rest } = value as { allOf?: { $ref?: string }[]; [key: string]: unknown };
  const only = allOf?.length === 1 ? allOf[0] : undefined;
  const entries = Object.entries({ ...rest, ...(only ?? (allOf === undefined ? {} : { allOf })) });
  return Object.fromEntries(
    entries
      .filter(
        ([key, one]) => !(key === 'description' && typeof one === 'string') && !(key === 'enum' && Array.isArray(one)),
      )
      .map(([key, one]) => [key, facts(one)]),
  );
}

test('OpenAPI v3 documents are upstream’s', { skip: skipWithoutUpstream }, () => {
  for (const source of builder.sources) {
    // Its file name starts with a dot: it is not among the saved documents.
    if (source.place.startsWith('.well-known')) continue;
    const saved = upstream(`openapi-v3/${source.place.replaceAll('/', '__')}_openapi.json`);
    assert.deepEqual(facts(builder.v3(source)), facts(saved), source.place);
  }
});

test('the OpenAPI v2 document is upstream’s', { skip: skipWithoutUpstream }, () => {
  const [ours, saved] = [builder.v2(builder.sources), upstream('openapi-v2.json')].map((one) => facts(one) as JsonMap);
  for (const part of ['paths', 'definitions', 'parameters'] as const) {
    const [own, theirs] = [ours?.[part] as JsonMap, saved?.[part] as JsonMap];
    assert.deepEqual(Object.keys(own).sort(), Object.keys(theirs).sort());
    for (const name of Object.keys(theirs)) assert.deepEqual(own[name], theirs[name], `${part} ${name}`);
  }
  assert.deepEqual(ours, saved);
});

test('descriptions are joined in, a reference with siblings becomes an allOf', () => {
  const described = new DocumentBuilder(readSpec(specDirectory(specRoot)), {
    ...noDescriptions,
    of: (name) => (name.endsWith('.Pod') ? { text: 'a pod', fields: new Map([['kind', 'its kind']]) } : undefined),
  });
  const source = described.sources.find(({ place }) => place === 'api/v1');
  assert.ok(source);
  const { components } = described.v3(source) as { components: { schemas: Record<string, JsonMap> } };
  const pod = components.schemas['io.k8s.api.core.v1.Pod'] as {
    description: string;
    properties: Record<string, JsonMap>;
  };
  assert.equal(pod.description, 'a pod');
  assert.deepEqual(pod.properties['kind'], { description: 'its kind', type: 'string' });
  assert.deepEqual(pod.properties['spec'], {
    default: {},
    allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.PodSpec' }],
  });
  const { definitions } = described.v2([source]) as { definitions: Record<string, { properties: JsonMap }> };
  assert.deepEqual(definitions['io.k8s.api.core.v1.Pod']?.properties['spec'], {
    $ref: '#/definitions/io.k8s.api.core.v1.PodSpec',
  });
});
