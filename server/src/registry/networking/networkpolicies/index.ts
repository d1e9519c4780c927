import type { LabelSelector } from '@typernetes/openapi/types/meta/v1';
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from '@typernetes/openapi/types/networking/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, formatLabelSelector, nameColumn, text } from '../../printing/index.ts';
import type { Cidr, FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  cidrContains,
  cidrWarnings,
  forbiddenField,
  invalidValue,
  notSupported,
  parseCidr,
  parseSloppyCidr,
  path,
  portName,
  portNumber,
  required,
  validateCidr,
  validateLabelSelector,
} from '../../validation/index.ts';

const spec = path('spec');

function validatePolicy(policy: NetworkPolicy, old?: Readonly<NetworkPolicy>): FieldError[] {
  const stored = [old?.spec?.podSelector];
  const { podSelector, ingress = [], egress = [], policyTypes = [] } = policy.spec ?? {};
  const errors = validateLabelSelector(podSelector, spec.child('podSelector'), stored);
  for (const [index, rule] of ingress.entries()) {
    errors.push(...validateRule(rule.ports, rule.from, 'from', spec.child('ingress').index(index), stored));
  }
  for (const [index, rule] of egress.entries()) {
    errors.push(...validateRule(rule.ports, rule.to, 'to', spec.child('egress').index(index), stored));
  }
  const at = spec.child('policyTypes');
  if (policyTypes.length > 2)
    return [...errors, invalidValue(at, policyTypes, 'may not specify more than two policyTypes')];
  for (const [index, type] of policyTypes.entries()) {
    if (!['Ingress', 'Egress'].includes(type)) errors.push(notSupported(at.index(index), type, ['Ingress', 'Egress']));
  }
  return errors;
}

function validateRule(
  ports: readonly NetworkPolicyPort[] = [],
  peers: readonly NetworkPolicyPeer[] = [],
  field: string,
  at: Path,
  stored: readonly (LabelSelector | undefined)[],
): FieldError[] {
  return [
    ...ports.flatMap((port, index) => validatePort(port, at.child('ports').index(index))),
    ...peers.flatMap((peer, index) => validatePeer(peer, at.child(field).index(index), stored)),
  ];
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, at: Path): FieldError[] {
  const protocols = ['TCP', 'UDP', 'SCTP'];
  const errors =
    protocol != null && !protocols.includes(protocol) ? [notSupported(at.child('protocol'), protocol, protocols)] : [];
  const end = at.child('endPort');
  if (port == null) {
    if (endPort != null) errors.push(invalidValue(end, endPort, 'may not be specified when `port` is not specified'));
  } else if (typeof port === 'number') {
    errors.push(...checked(at.child('port'), port, portNumber(port)));
    if (endPort != null && endPort < port)
      errors.push(invalidValue(end, port, 'must be greater than or equal to `port`'));
    if (endPort != null) errors.push(...checked(end, endPort, portNumber(endPort)));
  } else {
    if (endPort != null) errors.push(invalidValue(end, endPort, 'may not be specified when `port` is non-numeric'));
    errors.push(...checked(at.child('port'), port, portName(port)));
  }
  return errors;
}

function validatePeer(
  { podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer,
  at: Path,
  stored: readonly (LabelSelector | undefined)[],
): FieldError[] {
  const errors = [
    ...validateLabelSelector(podSelector, at.child('podSelector'), stored),
    ...validateLabelSelector(namespaceSelector, at.child('namespaceSelector'), stored),
  ];
  if (ipBlock) errors.push(...validateBlock(ipBlock, at.child('ipBlock')));
  if (!podSelector && !namespaceSelector && !ipBlock) errors.push(required(at, 'must specify a peer'));
  else if (ipBlock && (podSelector || namespaceSelector)) {
    errors.push(forbiddenField(at, 'may not specify both ipBlock and another peer'));
  }
  return errors;
}

function validateBlock(block: IPBlock, at: Path): FieldError[] {
  if (!block.cidr) return [required(at.child('cidr'), '')];
  const errors = validateCidr(block.cidr, at.child('cidr'));
  const outer = readCidr(block.cidr);
  // Of what cannot be read at all only that is said.
  if (!outer) return errors;
  for (const [index, except] of (block.except ?? []).entries()) {
    const here = at.child('except').index(index);
    errors.push(...validateCidr(except, here));
    const inner = readCidr(except);
    if (!inner) continue;
    if (!cidrContains(outer, inner.network) || outer.prefix >= inner.prefix) {
      errors.push(invalidValue(here, except, 'must be a strict subset of `cidr`'));
    }
  }
  return errors;
}

function blockWarnings({ spec }: NetworkPolicy): string[] {
  const peers = [
    ...(spec?.ingress ?? []).flatMap(({ from }, rule) =>
      peersAt(from, path('spec', 'ingress').index(rule).child('from')),
    ),
    ...(spec?.egress ?? []).flatMap(({ to }, rule) => peersAt(to, path('spec', 'egress').index(rule).child('to'))),
  ];
  return peers.flatMap(([{ ipBlock }, at]) =>
    ipBlock
      ? [
          ...cidrWarnings(ipBlock.cidr, at.child('ipBlock', 'cidr')),
          ...(ipBlock.except ?? []).flatMap((except, index) =>
            cidrWarnings(except, at.child('ipBlock', 'except').index(index)),
          ),
        ]
      : [],
  );
}

const peersAt = (peers: readonly NetworkPolicyPeer[] | undefined, at: Path): [NetworkPolicyPeer, Path][] =>
  (peers ?? []).map((peer, index) => [peer, at.index(index)]);

/** Also one in another form, whose own mistakes are told elsewhere. */
const readCidr = (text: string): Cidr | undefined => parseCidr(parseSloppyCidr(text)?.text ?? '');

export const networkpolicies: ResourceRegistration<NetworkPolicy> = {
  resource: { group: 'networking.k8s.io', resource: 'networkpolicies' },
  strategy: {
    default(policy) {
      const given = (policy.spec ??= { podSelector: {} });
      given.podSelector ??= {};
      for (const rule of [...(given.ingress ?? []), ...(given.egress ?? [])])
        for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
      if ((given.policyTypes ?? []).length === 0) {
        given.policyTypes = (given.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
      }
    },
    validate: (policy) => validatePolicy(policy),
    validateUpdate: validatePolicy,
    warningsOnCreate: blockWarnings,
    warningsOnUpdate: blockWarnings,
  },
  table: {
    columns: [nameColumn, text('Pod-Selector'), ageColumn],
    cells: (policy, now) => [
      policy.metadata?.name ?? '',
      formatLabelSelector(policy.spec?.podSelector),
      age(policy, now),
    ],
  },
};
