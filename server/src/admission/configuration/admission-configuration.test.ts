/** Files of --admission-control-config-file, as the server reads them. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { readAdmissionConfiguration } from './admission-configuration.ts';

let directory: string;
let count = 0;
before(async () => (directory = await mkdtemp(path.join(tmpdir(), 'typernetes-admission-'))));
after(() => rm(directory, { recursive: true }));

async function read(text: string) {
  const file = path.join(directory, `${count++}.yaml`);
  await writeFile(file, text);
  return readAdmissionConfiguration(file);
}
const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\n';

test('configurations are written out or beside the file, and the first of a name counts', async () => {
  await writeFile(path.join(directory, 'own.yaml'), 'beside: it\n');
  const configurations = await read(`${head}plugins:
- name: A
  configuration:
    kind: Own
    deep: [1, {big: 9007199254740993}]
  path: own.yaml
- name: A
- name: B
  path: own.yaml
- name: C
- name: D
  path: gone.yaml
`);
  assert.equal(configurations('A'), '{"kind":"Own","deep":[1,{"big":9007199254740993}]}');
  assert.equal(configurations('B'), 'beside: it\n');
  assert.equal(configurations('C'), undefined);
  assert.equal(configurations('E'), undefined);
  assert.throws(
    () => configurations('D'),
    /Couldn't open admission plugin configuration .*gone.yaml: open .*gone.yaml: no such file or directory$/,
  );
});

test('what cannot be used is told in upstream’s words', async () => {
  const missing = path.join(directory, 'none');
  assert.throws(() => readAdmissionConfiguration(missing), {
    message: `failed to read plugin config: unable to read admission control configuration from "${missing}" [open ${missing}: no such file or directory]`,
  });
  for (const [text, message] of [
    [`${head}plugin: []\n`, /^Error: failed to read plugin config: strict decoding error: unknown field "plugin"$/],
    [
      `${head}plugins: []\nplugins: []\n`,
      /strict decoding error: yaml: unmarshal errors:\n {2}line 4: key "plugins" already set in map$/,
    ],
    [
      '{"kind":"AdmissionConfiguration","apiVersion":"apiserver.config.k8s.io/v1","plugins":[],"plugins":[]}',
      /strict decoding error: duplicate field "plugins"$/,
    ],
    [`${head}plugins: [{name: A, config: {}}]\n`, /unknown field "plugins\[0\].config"/],
    [`${head}plugins: [{name: 1}]\n`, /cannot unmarshal number into Go struct field .*plugins.name of type string/],
    [
      'apiVersion: apiserver.config.k8s.io/v1\nkind: Other\n',
      /no kind "Other" is registered for version "apiserver.config.k8s.io\/v1"/,
    ],
    ['plugins: []\n', /Object 'Kind' is missing in 'plugins: \[\]\n'$/],
    ['', /^Error: failed to read plugin config: Object 'Kind' is missing in ''$/],
  ] as const)
    await assert.rejects(read(text), message);
});

test('a file without a kind may be the own one of the two oldest plugins', async () => {
  const text = 'podNodeSelectorPluginConfig:\n  ns: a=b\n';
  const configurations = await read(text);
  assert.equal(configurations('PodNodeSelector'), text);
  assert.equal(configurations('ImagePolicyWebhook'), text);
  assert.equal(configurations('EventRateLimit'), undefined);
});
