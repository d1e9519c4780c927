import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { skipWithoutUpstream, upstreamDirectory } from '../../generate/testing.ts';
import {
  catalogue,
  definitionName,
  discoveryDocuments,
  findKind,
  findResource,
  groups,
  kubernetesVersion,
  preferredVersion,
  protobufDescriptors,
  schemaByName,
  schemaFor,
} from './index.ts';

const upstream = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(path.join(upstreamDirectory ?? '', 'discovery', `${name}.json`), 'utf8')) as Record<
    string,
    unknown
  >;

const everything = discoveryDocuments(() => true);

test('with all versions served, discovery is upstream’s', { skip: skipWithoutUpstream }, () => {
  assert.deepEqual(everything.api('10.10.10.10:8050'), upstream('api'));
  assert.deepEqual(everything.apis(), upstream('apis'));
  assert.deepEqual(everything.aggregated('/apis'), { metadata: {}, ...upstream('aggregated_v2') });
  for (const { name, versions } of groups()) {
    if (name !== '') assert.deepEqual(everything.group(name), upstream(`apis__${name}`));
    for (const { version } of versions) {
      const place = name === '' ? `api/${version}` : `apis/${name}/${version}`;
      assert.deepEqual(everything.groupVersion(place), upstream(place.replaceAll('/', '__')), place);
    }
  }
});

test('by default only stable versions are served', () => {
  const { groups: served } = discoveryDocuments().apis();
  assert.ok(served.every(({ versions }) => versions.every(({ version }) => /^v\d+$/.test(version))));
  assert.ok(served.some(({ name }) => name === 'apiregistration.k8s.io'));
  assert.ok(!served.some(({ name }) => name === 'internal.apiserver.k8s.io' || name === 'storagemigration.k8s.io'));
  assert.equal(discoveryDocuments().groupVersion('/apis/resource.k8s.io/v1beta1'), undefined);
  assert.equal(discoveryDocuments().groupVersion('/apis/nothing/v1'), undefined);
  assert.equal(discoveryDocuments().groupVersion('/version'), undefined);
  assert.equal(preferredVersion('autoscaling'), 'v2');
  assert.equal(preferredVersion(''), 'v1');
  assert.equal(preferredVersion('internal.apiserver.k8s.io'), undefined);
});

test('the core group has an aggregated document of its own', () => {
  const [core, ...others] = discoveryDocuments().aggregated('/api').items;
  assert.equal(others.length, 0);
  assert.deepEqual(core?.metadata, {});
  const pods = core?.versions[0]?.resources?.find(({ resource }) => resource === 'pods');
  assert.deepEqual(pods?.shortNames, ['po']);
  assert.deepEqual(
    pods?.subresources?.find(({ subresource }) => subresource === 'eviction'),
    {
      subresource: 'eviction',
      responseKind: { group: 'policy', version: 'v1', kind: 'Eviction' },
      verbs: ['create'],
    },
  );
});

test('resources and kinds are found', () => {
  const pods = findResource({ group: '', version: 'v1', resource: 'pods' });
  assert.equal(pods?.kind, 'Pod');
  assert.equal(findKind({ group: '', version: 'v1', kind: 'Pod' }), pods);
  assert.equal(findResource({ group: 'apps', version: 'v1', resource: 'pods' }), undefined);
  const deployments = findResource({ group: 'apps', version: 'v1', resource: 'deployments' });
  const scale = deployments?.subresources.find(({ name }) => name === 'scale');
  assert.deepEqual(scale, {
    name: 'scale',
    group: 'autoscaling',
    version: 'v1',
    kind: 'Scale',
    verbs: ['get', 'patch', 'update'],
  });
  assert.match(kubernetesVersion.gitVersion, /^v1\.\d+\.\d+$/);
});

test('every kind has a schema whose references resolve, and a message', () => {
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const schema = schemaByName(name);
    assert.ok(schema, name);
    JSON.stringify(schema, (key, value: unknown) => {
      if (key === '$ref' && typeof value === 'string') visit(value);
      return value;
    });
  };
  for (const { group, version, kind } of catalogue()) {
    const name = definitionName({ group, version, kind });
    assert.ok(name, `${group}/${version} ${kind}`);
    assert.ok(schemaFor({ group, version, kind })?.properties, name);
    visit(name);
    assert.ok(protobufDescriptors().messageFor({ group, version, kind }), name);
  }
  assert.equal(schemaFor({ group: '', version: 'v1', kind: 'Nothing' }), undefined);
  assert.equal(
    schemaByName('#/definitions/io.k8s.api.core.v1.Pod'),
    schemaFor({ group: '', version: 'v1', kind: 'Pod' }),
  );
});

test('schemas keep merge keys and list types', () => {
  const containers = schemaByName('io.k8s.api.core.v1.PodSpec')?.properties?.['containers'];
  assert.equal(containers?.['x-kubernetes-patch-merge-key'], 'name');
  assert.equal(containers?.['x-kubernetes-patch-strategy'], 'merge');
  assert.equal(containers?.['x-kubernetes-list-type'], 'map');
  assert.deepEqual(containers?.['x-kubernetes-list-map-keys'], ['name']);
  assert.equal(schemaByName('io.k8s.api.core.v1.LabelSelector'), undefined);
});

test('every field of a definition has a protobuf field, directly or inlined', () => {
  const descriptors = protobufDescriptors();
  const missing: string[] = [];
  const fields = (name: string, depth = 0): string[] =>
    (descriptors.message(name)?.fields ?? []).flatMap((field) =>
      field.inline && depth < 3 ? fields(field.type, depth + 1) : [field.name],
    );
  for (const { group, version, kind } of catalogue()) {
    const name = definitionName({ group, version, kind });
    const queue = name === undefined ? [] : [name];
    for (const one of queue) {
      const schema = schemaByName(one);
      const message = one.replace(/^io\.k8s\./, 'k8s.io.').replaceAll('-', '_');
      if (schema?.properties === undefined) continue;
      const known = new Set(fields(message));
      for (const [property, { $ref, items, additionalProperties }] of Object.entries(schema.properties)) {
        if (!known.has(property) && property !== 'apiVersion' && property !== 'kind')
          missing.push(`${one}.${property}`);
        const values = typeof additionalProperties === 'object' ? additionalProperties.$ref : undefined;
        for (const next of [$ref, items?.$ref, values])
          if (next !== undefined && !queue.includes(next)) queue.push(next);
      }
    }
  }
  assert.deepEqual([...new Set(missing)], []);
});
