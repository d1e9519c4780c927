import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldKey, readDescriptions } from './descriptions.ts';
import { specRoot } from './distil.ts';
import { goEnums } from './distil-enums.ts';
import { readSpec, specDirectory } from './spec.ts';

test('nearly every field is described', () => {
  const descriptions = readDescriptions();
  const spec = readSpec(specDirectory(specRoot));
  let fields = 0;
  let described = 0;
  for (const part of [spec.machinery, ...spec.groupVersions.map((file) => file.definitions)]) {
    for (const [name, schema] of Object.entries(part)) {
      for (const [field, { $ref }] of Object.entries(schema.properties ?? {})) {
        if ($ref !== undefined) continue; // The source has no texts for these.
        fields++;
        if (descriptions.of(name)?.fields.get(fieldKey(field))) described++;
      }
    }
  }
  assert.ok(described / fields > 0.98, `${described} of ${fields}`);
  assert.match(descriptions.of('io.k8s.api.core.v1.Pod')?.text ?? '', /^Pod is /);
  assert.match(descriptions.of('io.k8s.api.core.v1.Event')?.fields.get('reason') ?? '', /^\w/);
  assert.match(
    descriptions.parameter('fieldSelector') ?? '',
    /^A selector to restrict the list of returned objects by/,
  );
  assert.equal(descriptions.parameter('name'), undefined);
  assert.doesNotMatch(descriptions.of('io.k8s.api.core.v1.Container')?.fields.get('args') ?? '', /\\'/);
});

test('enums are read from Go source', () => {
  const source = [
    'func schema_k8sio_api_core_v1_Widget(ref common.ReferenceCallback) common.OpenAPIDefinition {',
    '\t\t\t\t\t"policy": {',
    '\t\t\t\t\t\t\tEnum:        []interface{}{"Always", "Never"},',
    '\t\t\t\t\t"modes": {',
    '\t\t\t\t\t\t\t\t\t\tEnum:   []interface{}{"A"},',
    'func schema_pkg_apis_apiextensions_v1_Other(ref common.ReferenceCallback) common.OpenAPIDefinition {',
    '\t\t\t\t\t"scope": {',
    '\t\t\t\t\t\t\tEnum:        []interface{}{"Cluster"},',
  ].join('\n');
  assert.deepEqual(
    [...goEnums(source)],
    [
      ['io.k8s.api.core.v1.Widget.policy', ['Always', 'Never']],
      ['io.k8s.api.core.v1.Widget.modes[]', ['A']],
      ['io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.Other.scope', ['Cluster']],
    ],
  );
});
