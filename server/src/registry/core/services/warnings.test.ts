import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceSpec } from '@typernetes/openapi/types/core/v1';
import { serviceStatusWarnings, serviceWarnings } from './warnings.ts';

const clusterIP = { type: 'ClusterIP', sessionAffinity: 'None' } as const;

const cases: Record<string, [ServiceSpec, ...string[]]> = {
  'nothing odd': [{ ...clusterIP, clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] }],
  'an address in capitals': [
    { ...clusterIP, clusterIP: 'FD00::1', clusterIPs: ['FD00::1'] },
    'spec.clusterIPs[0]: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
  ],
  'much that a headless Service ignores': [
    {
      type: 'ClusterIP',
      clusterIP: 'None',
      clusterIPs: ['None'],
      externalIPs: ['1.2.3.4'],
      sessionAffinity: 'ClientIP',
    },
    'spec.externalIPs is ignored for headless services',
    'spec.SessionAffinity is ignored for headless services',
  ],
  'external addresses': [
    { ...clusterIP, externalIPs: ['1.2.3.4'] },
    'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
  ],
  'external addresses of a name': [
    { type: 'ExternalName', externalName: 'example.com', externalIPs: ['1.2.3.4'] },
    'spec.externalIPs is ignored when spec.type is "ExternalName"',
  ],
  'a range that was stored before': [
    { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.1/8'] },
    'spec.loadBalancerSourceRanges[0]: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)',
  ],
};

for (const [name, [spec, ...warnings]] of Object.entries(cases))
  test(`warnings of a Service: ${name}`, () => assert.deepEqual(serviceWarnings({ spec }), warnings));

test('warnings of a status', () => {
  const ingress = [{ ip: '010.0.0.1' }, { hostname: 'example.com' }];
  assert.deepEqual(serviceStatusWarnings({ status: { loadBalancer: { ingress } } }), [
    'status.loadBalancer.ingress[0]: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"',
  ]);
});
