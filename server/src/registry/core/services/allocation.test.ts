import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldErrorMessage, isInvalid } from '@typernetes/openapi/meta';
import type { Service } from '@typernetes/openapi/types/core/v1';
import { FakeRegistry, restContext, testDependencies } from '../../testing/registry.ts';
import { ServiceAllocation } from './allocation.ts';
import { ADDRESSES } from './cluster-ips.ts';
import { serviceStrategy } from './strategy.ts';

function service(spec: Partial<NonNullable<Service['spec']>> = {}, name = 'web'): Service {
  const object: Service = {
    metadata: { name, namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80 }], ...spec },
  };
  serviceStrategy.default?.(object);
  return object;
}

function setUp(range = '10.96.0.0/24', ports = '30000-30099') {
  const registry = new FakeRegistry();
  const dependencies = testDependencies(registry, {
    serviceClusterIPRange: range,
    nodePortRange: ports,
    random: () => 0,
  });
  return {
    registry,
    allocation: new ServiceAllocation(dependencies),
    context: (dryRun = false) => restContext(registry, { dryRun }),
  };
}

const addresses = (registry: FakeRegistry): string[] => registry.names(ADDRESSES);

function problems(object: Service, old?: Service): string[] {
  const context = { user: { name: 'u', groups: [] }, now: new Date(0), dryRun: false, subresource: '' };
  const errors = old
    ? serviceStrategy.validateUpdate?.(object, old, context)
    : serviceStrategy.validate?.(object, context);
  return (errors ?? []).map(fieldErrorMessage);
}

test('a ClusterIP Service gets an address from the upper part of the range', async () => {
  const { registry, allocation, context } = setUp();
  const web = service();
  const finish = await allocation.beginCreate(web, context());
  await finish(true);
  assert.equal(web.spec?.clusterIP, '10.96.0.17');
  assert.deepEqual(web.spec?.clusterIPs, ['10.96.0.17']);
  assert.deepEqual(web.spec?.ipFamilies, ['IPv4']);
  assert.equal(web.spec?.ipFamilyPolicy, 'SingleStack');
  assert.deepEqual(addresses(registry), ['10.96.0.17']);
  assert.deepEqual(problems(web), []);
  await allocation.release(web);
  assert.deepEqual(addresses(registry), []);
});

test('no address is given twice, and a failed write gives its address back', async () => {
  const { registry, allocation, context } = setUp('10.96.0.0/28');
  const given = new Set<string>();
  for (let index = 0; index < 14; index++) {
    const one = service({}, `s${index}`);
    await (await allocation.beginCreate(one, context()))(true);
    given.add(one.spec?.clusterIP ?? '');
  }
  assert.equal(given.size, 14);
  await assert.rejects(
    allocation.beginCreate(service({}, 'late'), context()),
    /failed to allocate a serviceIP for Service "late": range is full/,
  );
  registry.remove(ADDRESSES, '', '10.96.0.3');
  const finish = await allocation.beginCreate(service({}, 'late'), context());
  await finish(false);
  assert.equal(addresses(registry).includes('10.96.0.3'), false);
});

test('an address that is asked for must be free and in the range', async () => {
  const { allocation, context } = setUp();
  await (await allocation.beginCreate(service({ clusterIP: '10.96.0.10' }), context()))(true);
  await assert.rejects(
    allocation.beginCreate(service({ clusterIP: '10.96.0.10' }, 'two'), context()),
    (error: unknown) => {
      assert.ok(isInvalid(error));
      assert.equal(
        error.message,
        'Service "two" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.10"]: failed to allocate IP 10.96.0.10: provided IP is already allocated',
      );
      return true;
    },
  );
  await assert.rejects(
    allocation.beginCreate(service({ clusterIP: '10.97.0.1' }, 'three'), context()),
    /the provided network does not match the current range/,
  );
});

test('headless and external Services get none', async () => {
  const { registry, allocation, context } = setUp();
  const headless = service({ clusterIP: 'None' });
  await (await allocation.beginCreate(headless, context()))(true);
  assert.deepEqual(headless.spec?.clusterIPs, ['None']);
  assert.deepEqual(problems(headless), []);
  const external = service({ type: 'ExternalName', externalName: 'example.com', ports: [] }, 'ext');
  await (await allocation.beginCreate(external, context()))(true);
  assert.equal(external.spec?.clusterIP, undefined);
  assert.deepEqual(problems(external), []);
  assert.deepEqual(addresses(registry), []);
});

test('a dry run allocates nothing and still shows addresses and ports', async () => {
  const { registry, allocation, context } = setUp();
  const object = service({ type: 'NodePort' });
  await (await allocation.beginCreate(object, context(true)))(false);
  assert.ok(object.spec?.clusterIP);
  assert.ok(object.spec?.ports?.[0]?.nodePort);
  assert.deepEqual(addresses(registry), []);
  assert.deepEqual(await allocation.nodePorts.allocated(), []);
});

test('node ports: one for both protocols of a port, kept over updates, released with the type', async () => {
  const { allocation, context } = setUp();
  const dns = service({
    type: 'NodePort',
    ports: [
      { name: 'u', port: 53, protocol: 'UDP' },
      { name: 't', port: 53, protocol: 'TCP' },
      { name: 'm', port: 80, nodePort: 30005 },
    ],
  });
  await (await allocation.beginCreate(dns, context()))(true);
  const [udp, tcp, metrics] = dns.spec?.ports ?? [];
  assert.equal(udp?.nodePort, tcp?.nodePort);
  assert.equal(metrics?.nodePort, 30005);
  assert.deepEqual(problems(dns), []);

  // A client that does not know node ports writes the Service back.
  const again = structuredClone(dns);
  for (const port of again.spec?.ports ?? []) delete port.nodePort;
  delete again.spec?.clusterIP;
  delete again.spec?.clusterIPs;
  await (await allocation.beginUpdate(again, dns, context()))(true);
  assert.deepEqual(again.spec, dns.spec);
  assert.deepEqual(await allocation.nodePorts.allocated(), [30005, udp?.nodePort]);

  const inner = structuredClone(dns);
  Object.assign(inner.spec ?? {}, { type: 'ClusterIP' });
  const finish = await allocation.beginUpdate(inner, dns, context());
  serviceStrategy.prepareForUpdate?.(inner, dns, {
    user: { name: 'u', groups: [] },
    now: new Date(0),
    dryRun: false,
    subresource: '',
  });
  await finish(true);
  assert.deepEqual(problems(inner, dns), []);
  assert.deepEqual(await allocation.nodePorts.allocated(), []);
});

test('a LoadBalancer with local traffic gets a health check port', async () => {
  const { allocation, context } = setUp();
  const balancer = service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
  await (await allocation.beginCreate(balancer, context()))(true);
  assert.equal((await allocation.nodePorts.allocated()).length, 2);
  assert.deepEqual(problems(balancer), []);
  await allocation.release(balancer);
  assert.deepEqual(await allocation.nodePorts.allocated(), []);
});

test('two families where the cluster has two', async () => {
  const { registry, allocation, context } = setUp('10.96.0.0/24,fd00::/112');
  const both = service({ ipFamilyPolicy: 'PreferDualStack' });
  await (await allocation.beginCreate(both, context()))(true);
  assert.deepEqual(both.spec?.ipFamilies, ['IPv4', 'IPv6']);
  assert.deepEqual(addresses(registry).toSorted(), ['10.96.0.17', 'fd00::101']);
  assert.deepEqual(problems(both), []);
  const { allocation: single, context: other } = setUp();
  await assert.rejects(
    single.beginCreate(service({ ipFamilyPolicy: 'RequireDualStack' }), other()),
    /spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services/,
  );
});

test('an address does not change once it is set', async () => {
  const { allocation, context } = setUp();
  const old = service();
  await (await allocation.beginCreate(old, context()))(true);
  const moved = structuredClone(old);
  Object.assign(moved.spec ?? {}, { clusterIP: '10.96.0.99', clusterIPs: ['10.96.0.99'] });
  assert.deepEqual(problems(moved, old), [
    'spec.clusterIPs[0]: Invalid value: ["10.96.0.99"]: may not change once set',
  ]);
});
