import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openApiV2, openApiV3, openApiV3Index } from '../src/catalogue/index.ts';
import { specRoot } from './distil.ts';
import { servedSpec } from './served.ts';
import { readSpec, specDirectory } from './spec.ts';

const parse = (body: Buffer | undefined) => JSON.parse(body?.toString() ?? '') as Document;

interface Document {
  info: { version: string };
  components: { schemas: Record<string, { properties: Record<string, Property> }> };
}

interface Property {
  $ref?: string;
  additionalProperties?: { enum?: string[] };
}

test('documents tell their version and list neither CBOR nor the handler of logs', () => {
  const { body } = openApiV2();
  assert.equal(parse(body).info.version, '1.36');
  assert.doesNotMatch(body.toString(), /cbor|"\/logs/);
  assert.equal('logs' in openApiV3Index().paths, false);
  const core = openApiV3('api/v1')?.body;
  assert.equal(parse(core).info.version, '1.36');
  assert.doesNotMatch(core?.toString() ?? '', /cbor/);
});

test('a reference that upstream does not describe stands alone, members of a map have their values', () => {
  const { schemas } = parse(openApiV3('apis/networking.k8s.io/v1')?.body).components;
  assert.deepEqual(Object.keys(schemas['io.k8s.api.networking.v1.IngressRule']?.properties['http'] ?? {}), ['$ref']);
  const claim = parse(openApiV3('api/v1')?.body).components.schemas['io.k8s.api.core.v1.PersistentVolumeClaimStatus'];
  assert.equal(claim?.properties['allocatedResourceStatuses']?.additionalProperties?.enum?.length, 5);
});

test('what is served of the spec is served of itself', () => {
  const served = servedSpec(readSpec(specDirectory(specRoot)));
  assert.deepEqual(servedSpec(served), served);
});
