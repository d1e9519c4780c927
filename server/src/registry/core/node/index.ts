import { deepCopy } from '@typernetes/openapi/schema';
import type { Node } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  cidrWarnings,
  duplicate,
  forbiddenField,
  internalFieldError,
  invalidValue,
  parseSloppyCidr,
  path,
  validateCidr,
  validateResourceQuantity,
} from '../../validation/index.ts';
import { roundUpResources } from '../pod/resources.ts';
import { validateNodeAnnotations } from './annotations.ts';
import { validateConfigSources } from './config-source.ts';
import { validateTaints } from './taints.ts';

const spec = path('spec');
const status = path('status');

/** Upstream places the errors of spec.taints under metadata; clients see that path. */
const taintsPath = path('metadata', 'taints');

function validateResources(node: Node): FieldError[] {
  return (['capacity', 'allocatable'] as const).flatMap((field) =>
    Object.entries(node.status?.[field] ?? {}).flatMap(([resource, quantity]) =>
      validateResourceQuantity(resource, quantity, status.child(field, resource)),
    ),
  );
}

const FEATURE = /^[A-Z][a-zA-Z0-9]*(\/[a-zA-Z][a-zA-Z0-9]*)*$/;

function featureMessage(feature: string): string | undefined {
  if (feature.length > 253) return `invalid feature name "${feature}": must be no more than 253 characters`;
  if (FEATURE.test(feature)) return undefined;
  return (
    `invalid feature name ${JSON.stringify(feature)}: must start with an UpperCamelCase segment, with subsequent ` +
    "segments separated by '/' (e.g., MyFeature or MyFeature/mySubFeature), and contain only alphanumeric characters " +
    'and slashes'
  );
}

function validateDeclaredFeatures(node: Node): FieldError[] {
  const at = status.child('declaredFeatures');
  const features = node.status?.declaredFeatures ?? [];
  return features.flatMap((feature, index) => {
    const message = featureMessage(feature);
    const errors = message === undefined ? [] : [invalidValue(at.index(index), feature, message)];
    const next = features[index + 1];
    if (next === undefined) return errors;
    if (next === feature) errors.push(duplicate(at.index(index + 1), next));
    else if (feature > next) errors.push(invalidValue(at.index(index + 1), next, 'list must be sorted alphabetically'));
    return errors;
  });
}

function validateNode(node: Node): FieldError[] {
  const cidrs = node.spec?.podCIDRs ?? [];
  const at = spec.child('podCIDRs');
  const swap = node.status?.nodeInfo?.swap?.capacity;
  const errors = [
    ...validateNodeAnnotations(node),
    ...validateTaints(node.spec?.taints ?? [], taintsPath),
    ...validateResources(node),
    ...(swap != null && swap <= 0
      ? [invalidValue(path('metadata', 'nodeSwapStatus', 'capacity'), swap, 'must be greater than zero')]
      : []),
    ...validateDeclaredFeatures(node),
    ...cidrs.flatMap((cidr, index) => validateCidr(cidr, at.index(index))),
  ];
  if (cidrs.length > 1) {
    const parsed = cidrs.map(parseSloppyCidr);
    const wrong = cidrs.find((_, index) => parsed[index] === undefined);
    if (wrong !== undefined) {
      const why = `invalid CIDR[${cidrs.indexOf(wrong)}]: <nil> (invalid CIDR address: ${wrong})`;
      errors.push(internalFieldError(at, `invalid PodCIDRs. failed to check with dual stack with error:${why}`));
    }
    const families = new Set(parsed.map((cidr) => cidr?.address.bytes.length));
    if (wrong !== undefined || cidrs.length > 2 || families.size < 2)
      errors.push(invalidValue(at, cidrs, 'may specify no more than one CIDR for each IP family'));
  }
  return errors;
}

function validateUpdate(node: Node, old: Readonly<Node>): FieldError[] {
  const errors = [...validateNodeAnnotations(node), ...validateResources(node), ...validateDeclaredFeatures(node)];
  const seen = new Set<string>();
  for (const [index, { type = '', address = '' }] of (node.status?.addresses ?? []).entries()) {
    const key = `${type} ${address}`;
    // Shown as upstream shows it: its internal NodeAddress.
    const shown = { Type: type, Address: address };
    if (seen.has(key)) errors.push(duplicate(status.child('addresses').index(index), shown));
    seen.add(key);
  }
  const cidrs = node.spec?.podCIDRs ?? [];
  const before = old.spec?.podCIDRs ?? [];
  if (before.length > 0) {
    const changes = before.length === cidrs.length ? before.filter((cidr, index) => cidr !== cidrs[index]) : ['all'];
    const message = 'node updates may not change podCIDR except from "" to valid';
    errors.push(...changes.map(() => forbiddenField(spec.child('podCIDRs'), message)));
  }
  if (old.spec?.providerID && old.spec.providerID !== node.spec?.providerID) {
    errors.push(
      forbiddenField(spec.child('providerID'), 'node updates may not change providerID except from "" to valid'),
    );
  }
  errors.push(...validateConfigSources(node), ...validateTaints(node.spec?.taints ?? [], taintsPath));
  if ((node.spec?.externalID ?? '') !== (old.spec?.externalID ?? ''))
    errors.push(forbiddenField(spec.child('externalID'), 'may not be updated'));
  return errors;
}

function nodeWarnings(node: Node): string[] {
  const warnings: string[] = [];
  if (node.spec?.configSource) warnings.push('spec.configSource: the feature is removed');
  if (node.spec?.externalID) warnings.push('spec.externalID: this field is deprecated, and is unused by Kubernetes');
  for (const [index, cidr] of (node.spec?.podCIDRs ?? []).entries())
    warnings.push(...cidrWarnings(cidr, spec.child('podCIDRs').index(index)));
  return warnings;
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
      delete node.status?.config;
    },
    prepareForUpdate(node, old) {
      if (old.status === undefined) delete node.status;
      else node.status = deepCopy(old.status);
      if (!old.spec?.configSource) delete node.spec?.configSource;
    },
    prepareForStatusUpdate(node, old) {
      if (old.spec === undefined) delete node.spec;
      else node.spec = deepCopy(old.spec);
      if (!old.status?.config) delete node.status?.config;
    },
    validate: validateNode,
    validateUpdate: (node, old) => [...validateNode(node), ...validateUpdate(node, old)],
    validateStatusUpdate: validateUpdate,
    warningsOnCreate: nodeWarnings,
    warningsOnUpdate: nodeWarnings,
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
