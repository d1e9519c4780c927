import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pod, PodSpec } from '@typernetes/openapi/types/core/v1';
import { podHosts } from './etc-hosts.ts';
import { podHostname } from './hostname.ts';
import { formatResolvConf, parseResolvConf, podDns } from './resolv-conf.ts';

const pod = (spec: Partial<PodSpec>, name = 'web'): Pod => ({
  metadata: { name, namespace: 'ns', uid: 'u' },
  spec: { containers: [], ...spec },
});
const host = parseResolvConf(
  '# a comment\nnameserver 1.1.1.1\nnameserver 2.2.2.2\nsearch example.org. lan\noptions timeout:1 rotate\n',
);
const cluster = { servers: ['10.96.0.10'], domain: 'cluster.local' };

test('resolv.conf by policy', () => {
  assert.deepEqual(host, {
    servers: ['1.1.1.1', '2.2.2.2'],
    searches: ['example.org', 'lan'],
    options: ['timeout:1', 'rotate'],
  });
  assert.deepEqual(podDns(pod({}), cluster, host), {
    servers: ['10.96.0.10'],
    searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'example.org', 'lan'],
    options: ['ndots:5'],
  });
  assert.deepEqual(podDns(pod({ dnsPolicy: 'Default' }), cluster, host), host);
  assert.deepEqual(podDns(pod({ hostNetwork: true }), cluster, host), host);
  assert.deepEqual(podDns(pod({ hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }), cluster, host).servers, [
    '10.96.0.10',
  ]);
  assert.deepEqual(podDns(pod({}), { servers: [], domain: 'cluster.local' }, host), host);
});

test('dnsConfig adds to the policy, or is all there is', () => {
  const dnsConfig = {
    nameservers: ['9.9.9.9'],
    searches: ['mine'],
    options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
  };
  assert.deepEqual(podDns(pod({ dnsPolicy: 'None', dnsConfig }), cluster, host), {
    servers: ['9.9.9.9'],
    searches: ['mine'],
    options: ['ndots:2', 'edns0'],
  });
  const merged = podDns(pod({ dnsConfig }), cluster, host);
  assert.deepEqual(merged.servers, ['10.96.0.10', '9.9.9.9']);
  assert.deepEqual(merged.options, ['ndots:2', 'edns0']);
  assert.equal(
    formatResolvConf({ servers: ['1.1.1.1'], searches: ['a', 'b'], options: ['ndots:2'] }),
    'search a b\nnameserver 1.1.1.1\noptions ndots:2\n',
  );
});

test('names', () => {
  assert.deepEqual(podHostname(pod({}), 'node', 'cluster.local'), { hostname: 'web', domain: '' });
  assert.deepEqual(podHostname(pod({ hostname: 'h', subdomain: 's' }), 'node', 'cluster.local'), {
    hostname: 'h',
    domain: 's.ns.svc.cluster.local',
  });
  assert.equal(
    podHostname(pod({ hostname: 'h', subdomain: 's', setHostnameAsFQDN: true }), 'node', 'c').hostname,
    'h.s.ns.svc.c',
  );
  assert.equal(podHostname(pod({ hostNetwork: true }), 'node', 'c').hostname, 'node');
  assert.equal(podHostname(pod({}, `${'a'.repeat(62)}-b`), 'node', 'c').hostname, 'a'.repeat(62));
});

test('hosts', () => {
  const text = podHosts(['10.0.0.1'], 'web', 's.ns.svc.c', [{ ip: '1.2.3.4', hostnames: ['foo', 'bar'] }]);
  assert.match(text, /^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/);
  assert.match(text, /\n10\.0\.0\.1\tweb\.s\.ns\.svc\.c\tweb\n/);
  assert.match(text, /\n# Entries added by HostAliases\.\n1\.2\.3\.4\tfoo\tbar\n$/);
});
