import { deepCopy } from '@typernetes/openapi/schema';
import type { Node, Taint } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  checked,
  duplicate,
  forbiddenField,
  invalidValue,
  labelValue,
  oneOf,
  parseCidr,
  path,
  qualifiedName,
  validateCidr,
  validateResourceQuantity,
} from '../../validation/index.ts';
import { roundUpResources } from '../pod/resources.ts';
import { TAINT_EFFECTS } from '../pod/validate-scheduling.ts';

const spec = path('spec');
const status = path('status');

/** Upstream places the errors of spec.taints under metadata; clients see that path. */
const taintsPath = path('metadata', 'taints');

function validateTaints(taints: readonly Taint[]): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, index) => {
    const at = taintsPath.index(index);
    const errors = checked(at.child('key'), taint.key, qualifiedName(taint.key ?? ''));
    const messages = labelValue(taint.value ?? '');
    if (messages.length > 0) errors.push(invalidValue(at.child('value'), taint.value, messages.join(';')));
    errors.push(...oneOf(at.child('effect'), taint.effect, TAINT_EFFECTS));
    const key = `${taint.key}:${taint.effect}`;
    if (seen.has(key)) errors.push({ ...duplicate(at, taint), detail: 'taints must be unique by key and effect pair' });
    seen.add(key);
    return errors;
  });
}

function validateResources(node: Node): FieldError[] {
  return (['capacity', 'allocatable'] as const).flatMap((field) =>
    Object.entries(node.status?.[field] ?? {}).flatMap(([resource, quantity]) =>
      validateResourceQuantity(resource, quantity, status.child(field, resource)),
    ),
  );
}

function validateNode(node: Node): FieldError[] {
  const cidrs = node.spec?.podCIDRs ?? [];
  const at = spec.child('podCIDRs');
  const errors = [
    ...validateTaints(node.spec?.taints ?? []),
    ...validateResources(node),
    ...cidrs.flatMap((cidr, index) => validateCidr(cidr, at.index(index))),
  ];
  const families = new Set(cidrs.map((cidr) => parseCidr(cidr)?.family));
  if (cidrs.length > 2 || families.size < cidrs.length) {
    errors.push(invalidValue(at, cidrs, 'may specify no more than one CIDR for each IP family'));
  }
  return errors;
}

function validateUpdate(node: Node, old: Readonly<Node>): FieldError[] {
  const errors = validateResources(node);
  const seen = new Set<string>();
  for (const [index, address] of (node.status?.addresses ?? []).entries()) {
    const key = `${address.type} ${address.address}`;
    if (seen.has(key)) errors.push(duplicate(status.child('addresses').index(index), address));
    seen.add(key);
  }
  const cidrs = node.spec?.podCIDRs ?? [];
  const before = old.spec?.podCIDRs ?? [];
  if (before.length > 0 && (before.length !== cidrs.length || before.some((cidr, index) => cidr !== cidrs[index]))) {
    errors.push(forbiddenField(spec.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid'));
  }
  if (old.spec?.providerID && old.spec.providerID !== node.spec?.providerID) {
    errors.push(
      forbiddenField(spec.child('providerID'), 'node updates may not change providerID except from "" to valid'),
    );
  }
  return [...errors, ...validateTaints(node.spec?.taints ?? [])];
}

const ROLE_PREFIX = 'node-role.kubernetes.io/';

function rolesText(node: Node): string {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(node.metadata?.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) roles.add(key.slice(ROLE_PREFIX.length));
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return [...roles].sort().join(',') || '<none>';
}

function statusText(node: Node): string {
  const ready = (node.status?.conditions ?? []).findLast((condition) => condition.type === 'Ready');
  const text = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  return node.spec?.unschedulable ? `${text},SchedulingDisabled` : text;
}

function addressText(node: Node, type: string): string {
  return (node.status?.addresses ?? []).find((address) => address.type === type)?.address ?? '<none>';
}

export const nodes: ResourceRegistration<Node> = {
  resource: { group: '', resource: 'nodes' },
  storagePrefix: 'minions',
  strategy: {
    hasGeneration: false,
    default(node) {
      const given = node.spec;
      // The singular CIDR and the first of the list are one field; where they differ, the singular one counts.
      if (given?.podCIDR && given.podCIDR !== given.podCIDRs?.[0]) given.podCIDRs = [given.podCIDR];
      else if (given?.podCIDRs?.[0]) given.podCIDR = given.podCIDRs[0];
      if (node.status?.capacity) node.status.allocatable ??= { ...node.status.capacity };
      roundUpResources(node.status?.capacity);
      roundUpResources(node.status?.allocatable);
    },
    prepareForCreate(node) {
      delete node.spec?.configSource;
    },
    prepareForUpdate(node, old) {
      if (old.status === undefined) delete node.status;
      else node.status = deepCopy(old.status);
      if (!old.spec?.configSource) delete node.spec?.configSource;
    },
    validate: validateNode,
    validateUpdate: (node, old) => [...validateNode(node), ...validateUpdate(node, old)],
    validateStatusUpdate: validateUpdate,
    warningsOnCreate: (node) =>
      node.spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : [],
  },
  selectableFields: { 'spec.unschedulable': (node) => String(node.spec?.unschedulable ?? false) },
  table: {
    columns: [
      nameColumn,
      text('Status'),
      text('Roles'),
      ageColumn,
      text('Version'),
      text('Internal-IP', 1),
      text('External-IP', 1),
      text('OS-Image', 1),
      text('Kernel-Version', 1),
      text('Container-Runtime', 1),
    ],
    cells(node, now) {
      const info = node.status?.nodeInfo;
      const architecture = info?.architecture ? ` (${info.architecture})` : '';
      return [
        node.metadata?.name ?? '',
        statusText(node),
        rolesText(node),
        age(node, now),
        info?.kubeletVersion ?? '',
        addressText(node, 'InternalIP'),
        addressText(node, 'ExternalIP'),
        info?.osImage || '<unknown>',
        `${info?.kernelVersion || '<unknown>'}${architecture}`,
        info?.containerRuntimeVersion || '<unknown>',
      ];
    },
  },
};
