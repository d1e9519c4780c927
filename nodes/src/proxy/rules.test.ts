import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Service } from '@typernetes/openapi/types/core/v1';
import type { EndpointSlice } from '@typernetes/openapi/types/discovery/v1';
import { staleEntries } from './conntrack.ts';
import { changeScript, createScript } from './nft-table.ts';
import { serviceTable } from './rules.ts';
import { servicePorts } from './service-ports.ts';

const service = (name: string, spec: Partial<NonNullable<Service['spec']>> = {}): Service => ({
  metadata: { namespace: 'default', name },
  spec: { type: 'ClusterIP', clusterIP: '10.96.0.10', ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...spec },
});

const slice = (name: string, endpoints: EndpointSlice['endpoints'], port = 8080): EndpointSlice => ({
  metadata: { namespace: 'default', name: `${name}-1`, labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints,
  ports: [{ name: 'http', port, protocol: 'TCP' }],
});

const options = {
  tableName: 'test',
  clusterCIDR: '10.244.0.0/16',
  nodeAddresses: ['192.168.1.5'],
  serviceCIDR: '10.96.0.0/16',
};

describe('servicePorts', () => {
  it('takes ready endpoints, and terminating ones that still serve where none is ready', () => {
    const terminating = { ready: false, serving: true, terminating: true };
    const both = servicePorts(
      [service('web')],
      [
        slice('web', [
          { addresses: ['10.244.0.1'], conditions: { ready: true } },
          { addresses: ['10.244.0.2'], conditions: terminating },
        ]),
      ],
      'node',
    );
    assert.deepEqual(
      both[0]?.internalEndpoints.map(({ address }) => address),
      ['10.244.0.1'],
    );
    const last = servicePorts(
      [service('web')],
      [slice('web', [{ addresses: ['10.244.0.2'], conditions: terminating }])],
      'node',
    );
    assert.deepEqual(
      last[0]?.internalEndpoints.map(({ address }) => address),
      ['10.244.0.2'],
    );
  });

  it('keeps to local endpoints under a Local traffic policy', () => {
    const endpoints = [
      { addresses: ['10.244.0.1'], nodeName: 'here', conditions: { ready: true } },
      { addresses: ['10.244.1.1'], nodeName: 'there', conditions: { ready: true } },
    ];
    const [port] = servicePorts(
      [
        service('web', {
          type: 'NodePort',
          externalTrafficPolicy: 'Local',
          ports: [{ name: 'http', port: 80, nodePort: 30080 }],
        }),
      ],
      [slice('web', endpoints)],
      'here',
    );
    assert.equal(port?.internalEndpoints.length, 2);
    assert.deepEqual(port?.externalEndpoints, [{ address: '10.244.0.1', port: 8080, local: true }]);
  });

  it('leaves out headless and ExternalName Services', () => {
    assert.deepEqual(
      servicePorts(
        [service('a', { clusterIP: 'None' }), service('b', { type: 'ExternalName', clusterIP: '' })],
        [],
        'n',
      ),
      [],
    );
  });
});

describe('labels', () => {
  const endpoints = [{ addresses: ['10.244.0.1'], conditions: { ready: true } }];
  const labelled = <T extends Service | EndpointSlice>(object: T, label: string): T => ({
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata?.labels, [`service.kubernetes.io/${label}`]: '' } },
  });
  const addresses = (one: Service, its: EndpointSlice): string[] =>
    servicePorts([one], [its], 'node').flatMap((port) => port.internalEndpoints.map(({ address }) => address));

  it('leave Services to another proxy, and endpoints to DNS', () => {
    const [web, webs] = [service('web'), slice('web', endpoints)];
    assert.deepEqual(addresses(web, webs), ['10.244.0.1']);
    assert.deepEqual(servicePorts([labelled(web, 'service-proxy-name')], [webs], 'node'), []);
    assert.deepEqual(addresses(web, labelled(webs, 'headless')), []);
    assert.deepEqual(addresses(labelled(web, 'headless'), webs), ['10.244.0.1']);
  });
});

describe('the table', () => {
  const ready = (address: string): NonNullable<EndpointSlice['endpoints']>[number] => ({
    addresses: [address],
    conditions: { ready: true },
  });

  it('rejects a Service without endpoints and routes one that has some', () => {
    const none = serviceTable(servicePorts([service('web')], [], 'node'), options);
    assert.equal(none.maps.get('no-endpoint-services')?.elements.get('10.96.0.10 . tcp . 80'), 'goto reject-chain');
    const some = serviceTable(servicePorts([service('web')], [slice('web', [ready('10.244.0.1')])], 'node'), options);
    assert.match(some.maps.get('service-ips')?.elements.get('10.96.0.10 . tcp . 80') ?? '', /^goto service-/);
    assert.equal(some.maps.get('no-endpoint-services')?.elements.size, 0);
  });

  it('changes by what differs, and not at all where nothing does', () => {
    const before = serviceTable(servicePorts([service('web')], [slice('web', [ready('10.244.0.1')])], 'node'), options);
    const after = serviceTable(
      servicePorts([service('web')], [slice('web', [ready('10.244.0.1'), ready('10.244.0.2')])], 'node'),
      options,
    );
    assert.equal(changeScript(before, before), '');
    const script = changeScript(before, after).trim().split('\n');
    assert.equal(script.filter((line) => line.startsWith('add chain')).length, 1);
    assert.ok(script.some((line) => line.includes('numgen random mod 2')));
    assert.ok(!script.some((line) => line.includes('element')), 'the maps are the same');
    assert.ok(createScript(after).startsWith('add table ip test\ndelete table ip test\nadd table ip test\n'));
  });

  it('forgets UDP connections to endpoints that are gone', () => {
    const dns = service('dns', { ports: [{ name: 'http', port: 53, protocol: 'UDP' }] });
    const before = servicePorts([dns], [slice('dns', [ready('10.244.0.1'), ready('10.244.0.2')])], 'node');
    const after = servicePorts([dns], [slice('dns', [ready('10.244.0.2')])], 'node');
    assert.deepEqual(staleEntries(before, after), [
      ['-D', '-p', 'udp', '--orig-dst', '10.96.0.10', '--dport', '53', '--dst-nat', '10.244.0.1'],
    ]);
    assert.deepEqual(staleEntries(after, after), []);
  });
});
