import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { after, describe, it } from 'node:test';
import type { Service } from '@typernetes/openapi/types/core/v1';
import type { EndpointSlice } from '@typernetes/openapi/types/discovery/v1';
import dnsPacket from 'dns-packet';
import { forward, nameservers } from './forward.ts';
import { Responder } from './responder.ts';
import { type DnsServer, serveDns } from './server.ts';
import { type ClusterView, ClusterZone } from './zone.ts';

const services: Service[] = [
  {
    metadata: { namespace: 'default', name: 'web' },
    spec: { clusterIP: '10.96.0.20', clusterIPs: ['10.96.0.20'], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
  },
  {
    metadata: { namespace: 'default', name: 'db' },
    spec: { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] },
  },
  { metadata: { namespace: 'default', name: 'empty' }, spec: { clusterIP: 'None', clusterIPs: ['None'] } },
  { metadata: { namespace: 'default', name: 'by-status' }, spec: { ports: [{ port: 80 }] } },
  {
    metadata: { namespace: 'default', name: 'elsewhere' },
    spec: { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' },
  },
];

const slices: EndpointSlice[] = [
  {
    metadata: { namespace: 'default', name: 'db-1', labels: { 'kubernetes.io/service-name': 'db' } },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['10.244.0.1'], hostname: 'db-0', conditions: { ready: true } },
      { addresses: ['10.244.0.2'], conditions: { ready: true } },
      { addresses: ['10.244.0.3'], hostname: 'db-2', conditions: { ready: false } },
    ],
    ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
  },
];

const view: ClusterView = {
  service: (namespace, name) =>
    services.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name),
  endpointSlices: (_, service) =>
    slices.filter(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === service),
  namespaceExists: (name) => name === 'default',
  servicesByAddress: (address) => services.filter(({ spec }) => spec?.clusterIPs?.includes(address)),
  slicesByAddress: (address) =>
    slices.filter(({ endpoints }) => endpoints?.some(({ addresses }) => addresses.includes(address))),
};

const zone = new ClusterZone('cluster.local', view);

/** `A 10.96.0.20 | CNAME x`, `NXDOMAIN`, `NODATA`, or `elsewhere`. */
function answer(name: string, type: string): string {
  const result = zone.answer(name, type);
  if (result === undefined) return 'elsewhere';
  if (result.nxdomain) return 'NXDOMAIN';
  const texts = result.records.map((record) => {
    switch (record.type) {
      case 'A':
      case 'AAAA':
        return `${record.type} ${record.address}`;
      case 'SRV':
        return `SRV ${record.port} ${record.target}`;
      case 'TXT':
        return `TXT ${record.text}`;
      case 'SOA':
        return 'SOA';
      default:
        return `${record.type} ${record.target}`;
    }
  });
  return texts.join(' | ') || 'NODATA';
}

describe('the cluster zone', () => {
  for (const [name, type, expected] of [
    ['web.default.svc.cluster.local', 'A', 'A 10.96.0.20'],
    ['WEB.Default.svc.cluster.local.', 'A', 'A 10.96.0.20'],
    ['web.default.svc.cluster.local', 'AAAA', 'NODATA'],
    ['web.default.svc.cluster.local', 'SRV', 'SRV 80 web.default.svc.cluster.local'],
    ['_http._tcp.web.default.svc.cluster.local', 'SRV', 'SRV 80 web.default.svc.cluster.local'],
    ['_http._udp.web.default.svc.cluster.local', 'SRV', 'NXDOMAIN'],
    ['absent.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['web.absent.svc.cluster.local', 'A', 'NXDOMAIN'],
    ['default.svc.cluster.local', 'A', 'NODATA'],
    ['svc.cluster.local', 'A', 'NODATA'],
    ['nonsense.cluster.local', 'A', 'NXDOMAIN'],
    ['db.default.svc.cluster.local', 'A', 'A 10.244.0.1 | A 10.244.0.2'],
    ['db-0.db.default.svc.cluster.local', 'A', 'A 10.244.0.1'],
    ['10-244-0-2.db.default.svc.cluster.local', 'A', 'A 10.244.0.2'],
    ['db-2.db.default.svc.cluster.local', 'A', 'NXDOMAIN'],
    [
      '_sql._tcp.db.default.svc.cluster.local',
      'SRV',
      'SRV 5432 db-0.db.default.svc.cluster.local | SRV 5432 10-244-0-2.db.default.svc.cluster.local',
    ],
    ['empty.default.svc.cluster.local', 'A', 'NODATA'],
    ['by-status.default.svc.cluster.local', 'A', 'NODATA'],
    ['elsewhere.default.svc.cluster.local', 'A', 'CNAME web.default.svc.cluster.local'],
    ['10-244-0-9.default.pod.cluster.local', 'A', 'A 10.244.0.9'],
    ['10-244-0-999.default.pod.cluster.local', 'A', 'NXDOMAIN'],
    ['20.0.96.10.in-addr.arpa', 'PTR', 'PTR web.default.svc.cluster.local'],
    ['1.0.244.10.in-addr.arpa', 'PTR', 'PTR db-0.db.default.svc.cluster.local'],
    ['1.1.1.1.in-addr.arpa', 'PTR', 'elsewhere'],
    ['dns-version.cluster.local', 'TXT', 'TXT 1.1.0'],
    ['cluster.local', 'SOA', 'SOA'],
    ['example.com', 'A', 'elsewhere'],
    ['notcluster.local', 'A', 'elsewhere'],
  ] as const) {
    it(`${name} ${type}`, () => assert.equal(answer(name, type), expected));
  }
});

describe('the server', () => {
  const servers: DnsServer[] = [];
  after(() => Promise.all(servers.map((server) => server.stop())));

  async function start(upstream: (query: Buffer) => Promise<Buffer | undefined>): Promise<DnsServer> {
    const responder = new Responder({ zone, ttlSeconds: 30, now: () => 1, forward: upstream });
    const server = await serveDns('127.0.0.1', 0, responder);
    servers.push(server);
    return server;
  }

  const query = (name: string): Buffer =>
    dnsPacket.encode({ type: 'query', id: 77, flags: dnsPacket.RECURSION_DESIRED, questions: [{ type: 'A', name }] });

  it('answers over UDP and TCP with the id of the query, and says how long a missing name may be remembered', async () => {
    const server = await start(() => Promise.resolve(undefined));
    for (const transport of ['udp', 'tcp'] as const) {
      const response = await forward(query('web.default.svc.cluster.local'), transport, [
        { address: '127.0.0.1', port: server.port },
      ]);
      assert.ok(response);
      const packet = dnsPacket.decode(response);
      assert.equal(packet.id, 77);
      assert.ok(packet.flag_aa);
      assert.deepEqual(packet.answers, [
        { name: 'web.default.svc.cluster.local', type: 'A', ttl: 30, class: 'IN', flush: false, data: '10.96.0.20' },
      ]);
    }
    const missing = await forward(query('absent.default.svc.cluster.local'), 'udp', [
      { address: '127.0.0.1', port: server.port },
    ]);
    assert.ok(missing);
    const packet = dnsPacket.decode(missing) as dnsPacket.DecodedPacket & { rcode: string };
    assert.equal(packet.rcode, 'NXDOMAIN');
    assert.equal(packet.authorities?.[0]?.type, 'SOA');
  });

  it('asks upstream for other names, follows ExternalName, and says SERVFAIL where nobody answers', async () => {
    const upstream = await start(() => Promise.resolve(undefined));
    const server = await start((question) => forward(question, 'udp', [{ address: '127.0.0.1', port: upstream.port }]));
    const failed = await forward(query('example.com'), 'udp', [{ address: '127.0.0.1', port: server.port }]);
    assert.ok(failed);
    assert.equal((dnsPacket.decode(failed) as dnsPacket.DecodedPacket & { rcode: string }).rcode, 'SERVFAIL');
    const alias = await forward(query('elsewhere.default.svc.cluster.local'), 'udp', [
      { address: '127.0.0.1', port: server.port },
    ]);
    assert.ok(alias);
    assert.deepEqual(
      dnsPacket.decode(alias).answers?.map(({ type }) => type),
      ['CNAME', 'A'],
    );
  });

  it('survives datagrams that are no queries', async () => {
    const server = await start(() => Promise.resolve(undefined));
    const socket = dgram.createSocket('udp4');
    for (const bytes of [Buffer.alloc(0), Buffer.from('nonsense'), Buffer.alloc(12, 0xff), Buffer.alloc(600, 1)])
      socket.send(bytes, server.port, '127.0.0.1');
    const response = await forward(query('web.default.svc.cluster.local'), 'udp', [
      { address: '127.0.0.1', port: server.port },
    ]);
    assert.ok(response);
    socket.close();
  });
});

describe('nameservers', () => {
  it('reads resolv.conf and leaves out the server itself', () => {
    assert.deepEqual(
      nameservers('# comment\nnameserver 10.0.0.1\n nameserver  192.168.1.1\nsearch x\nnameserver fe80::1\n', [
        '10.0.0.1',
      ]),
      [
        { address: '192.168.1.1', port: 53 },
        { address: 'fe80::1', port: 53 },
      ],
    );
  });
});
