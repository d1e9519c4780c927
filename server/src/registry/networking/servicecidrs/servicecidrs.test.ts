import { type Kind, refusals } from '../../testing/rules.ts';

const servicecidrs: Kind = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'ServiceCIDR',
  resource: 'servicecidrs',
  example: { spec: { cidrs: ['10.9.0.0/24'] } },
};

refusals('ServiceCIDRs', servicecidrs, {
  'no ranges': [{ 'spec/cidrs': [] }, 'spec.cidrs: Required value: at least one CIDR required'],
  'three ranges': [
    { 'spec/cidrs': ['10.9.0.0/24', '2001:db8::/64', '10.8.0.0/24'] },
    'spec.cidrs: Invalid value: {…}: may only hold up to 2 values',
  ],
  'two of one family': [
    { 'spec/cidrs': ['10.9.0.0/24', '10.8.0.0/24'] },
    'spec.cidrs: Invalid value: {…}: may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64',
  ],
  'no range': [
    { 'spec/cidrs': ['x'] },
    'spec.cidrs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  'a range with host bits': [
    { 'spec/cidrs': ['10.9.0.1/24'] },
    'spec.cidrs[0]: Invalid value: "10.9.0.1/24": must not have bits set beyond the prefix length',
  ],
});
