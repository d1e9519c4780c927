import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { discoveryDocuments, kubernetesVersion, openApiV2, openApiV3, openApiV3Index } from '../src/catalogue/index.ts';
import { noDescriptions } from './descriptions.ts';
import { distil, previousSpec, specRoot } from './distil.ts';
import { openApiFiles } from './openapi.ts';
import { readSpec, type Spec, specDirectory } from './spec.ts';
import { kubeconfigOptions, readUpstream } from './upstream.ts';

const everything = () => true;
const discovery = discoveryDocuments(everything);

function answer(place: string): Buffer | object | undefined {
  if (place === '/version') return kubernetesVersion;
  if (place === '/apis') return discovery.apis();
  if (place === '/openapi/v2') return openApiV2('json', everything).body;
  if (place === '/openapi/v3') return openApiV3Index(everything);
  if (place.startsWith('/openapi/v3/')) return openApiV3(place.slice('/openapi/v3/'.length), 'json', everything)?.body;
  return discovery.groupVersion(place);
}

test('distilling a live server that serves our documents gives these documents again', async () => {
  const tokens = new Set<string | undefined>();
  const server = createServer((request, response) => {
    tokens.add(request.headers.authorization);
    const found = answer(new URL(request.url ?? '', 'http://localhost').pathname);
    response.statusCode = found === undefined ? 404 : 200;
    response.end(Buffer.isBuffer(found) ? found : JSON.stringify(found ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const from = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const upstream = await readUpstream({ from, token: 'secret' });
    const directory = specDirectory(specRoot);
    const distilled = distil(upstream, previousSpec(directory));
    const spec = readSpec(directory);
    const facts = ({ machinery, protobuf, groupVersions }: Spec) => ({
      machinery,
      protobuf,
      definitions: groupVersions.map(({ definitions }) => definitions),
    });
    assert.deepEqual(facts(distilled), facts(spec));
    // What is off by default is not in them: so the spec has more, but not the documents.
    assert.deepEqual(openApiFiles(distilled, noDescriptions), openApiFiles(spec, noDescriptions));
    assert.deepEqual([...tokens], ['Bearer secret']);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test('credentials come from the current context of a kubeconfig', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'kubeconfig-'));
  try {
    writeFileSync(path.join(directory, 'key.pem'), 'the key');
    const file = path.join(directory, 'config');
    const config = {
      'current-context': 'here',
      contexts: [{ name: 'here', context: { cluster: 'one', user: 'me' } }],
      clusters: [{ name: 'one', cluster: { server: 'https://one:6443', 'certificate-authority-data': 'Y2E=' } }],
      users: [{ name: 'me', user: { token: 't', 'client-certificate-data': 'Y2VydA==', 'client-key': 'key.pem' } }],
    };
    writeFileSync(file, JSON.stringify(config));
    const options = kubeconfigOptions(file);
    assert.deepEqual(
      [options.from, options.token, options.ca?.toString(), options.cert?.toString(), options.key?.toString()],
      ['https://one:6443', 't', 'ca', 'cert', 'the key'],
    );
    writeFileSync(file, JSON.stringify({ ...config, 'current-context': 'elsewhere' }));
    assert.throws(() => kubeconfigOptions(file), /names no cluster/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
