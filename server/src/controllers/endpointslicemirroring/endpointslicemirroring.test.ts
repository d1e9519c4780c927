import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { resources } from '@typernetes/openapi/client';
import { type Harness, startHarness } from '../testing/harness.ts';
import { startEndpointSliceMirroringController } from './endpointslicemirroring-controller.ts';

describe('mirrored endpoints', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startHarness([startEndpointSliceMirroringController]);
  });
  afterEach(() => harness.stop());

  const putEndpoints = (ip: string, labels: Record<string, string> = {}): unknown =>
    harness.server.put(resources.endpoints, {
      metadata: { name: 'own', namespace: 'default', labels },
      subsets: [{ addresses: [{ ip }, { ip: 'fd00::1' }], ports: [{ name: 'http', port: 80 }] }],
    });
  const putService = (selector?: Record<string, string>): unknown =>
    harness.server.put(resources.services, {
      metadata: { name: 'own', namespace: 'default' },
      spec: selector ? { selector } : {},
    });
  const slices = () => harness.server.list(resources.endpointSlices);
  const addresses = (): string[] =>
    slices().flatMap(({ endpoints = [] }) => endpoints.flatMap((entry) => entry.addresses));

  it('follow the Endpoints of a Service without selector, through create, update and delete', async () => {
    const { server } = harness;
    putService();
    putEndpoints('10.1.2.3');
    await server.waitFor(() => slices().length === 2, 'a slice for each address type');
    const slice = slices().find(({ addressType }) => addressType === 'IPv4');
    assert.match(slice?.metadata?.name ?? '', /^own-/);
    assert.equal(slice?.metadata?.labels?.['kubernetes.io/service-name'], 'own');
    assert.equal(
      slice?.metadata?.labels?.['endpointslice.kubernetes.io/managed-by'],
      'endpointslicemirroring-controller.k8s.io',
    );
    assert.deepEqual(slice?.ports, [{ name: 'http', port: 80, protocol: 'TCP' }]);
    assert.deepEqual(slice?.endpoints, [{ addresses: ['10.1.2.3'], conditions: { ready: true } }]);
    putEndpoints('10.2.3.4');
    await server.waitFor(() => addresses().includes('10.2.3.4') && slices().length === 2, 'the new address');
    server.remove(resources.endpoints, 'default', 'own');
    await server.waitFor(() => slices().length === 0, 'no slices');
  });

  it('end when the Service gets a selector or the Endpoints ask for it', async () => {
    putService();
    putEndpoints('10.1.2.3');
    await harness.server.waitFor(() => slices().length === 2, 'slices');
    putService({ app: 'own' });
    await harness.server.waitFor(() => slices().length === 0, 'none');
    putService();
    await harness.server.waitFor(() => slices().length === 2, 'slices again');
    putEndpoints('10.1.2.3', { 'endpointslice.kubernetes.io/skip-mirror': 'true' });
    await harness.server.waitFor(() => slices().length === 0, 'none again');
  });
});
