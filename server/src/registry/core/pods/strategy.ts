import { dns1123Label } from '@typernetes/openapi/meta';
import { deepCopy } from '@typernetes/openapi/schema';
import type { Pod, PodAffinityTerm, PodStatus, TopologySpreadConstraint } from '@typernetes/openapi/types/core/v1';
import type { DeleteStrategy, SelectableFields, Strategy } from '../../generic/strategy.ts';
import type { FieldError } from '../../validation/index.ts';
import { addressWarnings, forbiddenField, invalidValue, path, semanticEqual } from '../../validation/index.ts';
import {
  copyAppArmorAnnotations,
  hadWrongCost,
  validateAnnotatedProfiles,
  validatePodAnnotations,
  validatePodAnnotationsUpdate,
} from '../pod/annotations.ts';
import { setPodCondition } from '../pod/conditions.ts';
import { defaultPod } from '../pod/defaults.ts';
import { dropDisabledStatus } from '../pod/disabled-fields.ts';
import { isTerminalPhase } from '../pod/phase.ts';
import { computeQualityOfService } from '../pod/resources.ts';
import { validateResize } from '../pod/validate-resize.ts';
import { validatePodSpec } from '../pod/validate-spec.ts';
import { validatePodStatusUpdate } from '../pod/validate-status.ts';
import { validateEphemeralContainersUpdate, validatePodSpecUpdate } from '../pod/validate-update.ts';
import { podWarnings } from '../pod/warnings.ts';

/** An update of /binding: made by the server itself from a Binding, so nothing is held back and nothing checked again. */
export const BINDING = 'binding';

export const podStrategy: Strategy<Pod> = {
  // Kept here: binding a pod changes its spec and not its generation.
  hasGeneration: false,
  default(pod) {
    defaultPod(pod);
    if (pod.status) normalizeAddresses(pod.status);
  },
  prepareForCreate(pod, context) {
    pod.metadata = { ...pod.metadata, generation: 1 };
    // As upstream, which looks at the status that came first.
    pod.status = { phase: 'Pending', qosClass: pod.status?.qosClass || computeQualityOfService(pod) };
    if ((pod.spec?.schedulingGates ?? []).length > 0) {
      const message = 'Scheduling is blocked due to non-empty scheduling gates';
      setPodCondition(pod, { type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', message }, context.now);
    }
    applyMatchLabelKeys(pod);
    copyAppArmorAnnotations(pod, context.warn ?? (() => undefined));
  },
  prepareForUpdate(pod, old, context) {
    if (context.subresource === BINDING) return;
    if (old.status === undefined) delete pod.status;
    else pod.status = deepCopy(old.status);
    if (!semanticEqual(pod.spec, old.spec)) {
      pod.metadata = { ...pod.metadata, generation: (old.metadata?.generation ?? 0) + 1 };
    }
  },
  prepareForStatusUpdate(pod, old) {
    if (old.spec) pod.spec = deepCopy(old.spec);
    delete pod.metadata?.deletionTimestamp;
    const ownerReferences = old.metadata?.ownerReferences;
    if (pod.metadata && ownerReferences) pod.metadata.ownerReferences = deepCopy(ownerReferences);
    else delete pod.metadata?.ownerReferences;
    const status = (pod.status ??= {});
    dropDisabledStatus(status, old.status);
    if (!status.qosClass && old.status?.qosClass) status.qosClass = old.status.qosClass;
    keepObservedGenerations(status, old.status ?? {});
  },
  validate: (pod) => [...validatePodAndSpec(pod), ...validateNewPod(pod)],
  validateUpdate(pod, old, context) {
    switch (context.subresource) {
      case BINDING:
        return [];
      case 'ephemeralcontainers':
        return [...validateKnownPod(pod, old), ...validateEphemeralContainersUpdate(pod, old)];
      case 'resize':
        return [...validateKnownPod(pod, old), ...validateResize(pod, old)];
      default:
        return [...validateKnownPod(pod, old), ...validatePodSpecUpdate(pod, old)];
    }
  },
  validateStatusUpdate: validatePodStatusUpdate,
  warningsOnStatusUpdate: ({ status }) =>
    (['podIPs', 'hostIPs'] as const).flatMap((field) =>
      (status?.[field] ?? []).flatMap(({ ip }, index) =>
        addressWarnings(ip, path('status', field).index(index).child('ip')),
      ),
    ),
  warningsOnCreate(pod) {
    const messages = dns1123Label(pod.metadata?.name ?? '');
    const others = podWarnings(pod.spec, pod.metadata);
    if (messages.length === 0) return others;
    const advice =
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
    return [`${advice}: [${messages.join(' ')}]`, ...others];
  },
};

export const podDeleteStrategy: DeleteStrategy<Pod> = {
  /** A pod that no node runs, or that has ended, needs no time to stop. */
  gracePeriodSeconds(pod, requested) {
    const seconds = requested ?? pod.spec?.terminationGracePeriodSeconds ?? 0;
    if (!pod.spec?.nodeName || isTerminalPhase(pod.status?.phase)) return 0;
    return seconds < 0 ? 1 : seconds;
  },
};

export const podSelectableFields: SelectableFields<Pod> = {
  'spec.nodeName': (pod) => pod.spec?.nodeName ?? '',
  // Its name of old.
  'spec.host': (pod) => pod.spec?.nodeName ?? '',
  'spec.restartPolicy': (pod) => pod.spec?.restartPolicy ?? '',
  'spec.schedulerName': (pod) => pod.spec?.schedulerName ?? '',
  'spec.serviceAccountName': (pod) => pod.spec?.serviceAccountName ?? '',
  'spec.hostNetwork': (pod) => String(pod.spec?.hostNetwork ?? false),
  'status.phase': (pod) => pod.status?.phase ?? '',
  'status.podIP': (pod) => pod.status?.podIPs?.[0]?.ip ?? '',
  // Taken, and never filled.
  'status.podIPs': () => '',
  'status.nominatedNodeName': (pod) => pod.status?.nominatedNodeName ?? '',
};

/** The singular address and the first of the list are one; where they differ the singular one wins. */
function normalizeAddresses(status: PodStatus): void {
  if (status.podIP && status.podIPs?.[0]?.ip !== status.podIP) status.podIPs = [{ ip: status.podIP }];
  else if (!status.podIP && status.podIPs?.[0]?.ip) status.podIP = status.podIPs[0].ip;
}

function keepObservedGenerations(status: PodStatus, old: PodStatus): void {
  if (!status.observedGeneration && old.observedGeneration) status.observedGeneration = old.observedGeneration;
  // There may be several of a type: each keeps that of its place among them.
  const before = Map.groupBy(old.conditions ?? [], ({ type }) => type);
  for (const condition of status.conditions ?? []) {
    const generation = before.get(condition.type)?.shift()?.observedGeneration;
    if (!condition.observedGeneration && generation) condition.observedGeneration = generation;
  }
}

/** matchLabelKeys stand for the pod's own values of these labels (KEP-3633, KEP-3243). */
function applyMatchLabelKeys(pod: Pod): void {
  const labels = pod.metadata?.labels ?? {};
  const merge = (
    term: PodAffinityTerm | TopologySpreadConstraint,
    keys: readonly string[] | undefined,
    operator: string,
  ): void => {
    if (!term.labelSelector) return;
    for (const key of keys ?? []) {
      const value = labels[key];
      if (value === undefined) continue;
      term.labelSelector.matchExpressions = [
        ...(term.labelSelector.matchExpressions ?? []),
        { key, operator, values: [value] },
      ];
    }
  };
  for (const affinity of [pod.spec?.affinity?.podAffinity, pod.spec?.affinity?.podAntiAffinity]) {
    const terms = [
      ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((weighted) => weighted.podAffinityTerm),
      ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ];
    for (const term of terms) {
      merge(term, term.matchLabelKeys, 'In');
      merge(term, term.mismatchLabelKeys, 'NotIn');
    }
  }
  for (const constraint of pod.spec?.topologySpreadConstraints ?? [])
    merge(constraint, constraint.matchLabelKeys, 'In');
}

const spec = path('spec');
const annotations = path('metadata', 'annotations');

function validatePodAndSpec(pod: Pod, old?: Readonly<Pod>): FieldError[] {
  const errors = [
    ...validatePodAnnotations(pod.metadata?.annotations, pod.spec, annotations, old !== undefined && hadWrongCost(old)),
    ...validatePodSpec(pod.spec, spec, { isPod: true, podName: pod.metadata?.name ?? '' }),
  ];
  if (!pod.spec?.serviceAccountName) {
    for (const [index, volume] of (pod.spec?.volumes ?? []).entries()) {
      for (const [position, source] of (volume.projected?.sources ?? []).entries()) {
        if (!source.serviceAccountToken) continue;
        const at = spec
          .child('volumes')
          .index(index)
          .child('projected', 'sources')
          .index(position)
          .child('serviceAccountToken');
        errors.push(forbiddenField(at, 'must not be specified when serviceAccountName is not set'));
      }
    }
  }
  for (const field of ['containers', 'initContainers'] as const) {
    for (const [index, { image = '' }] of (pod.spec?.[field] ?? []).entries()) {
      if (image.trim() === image) continue;
      errors.push(
        invalidValue(
          spec.child(field).index(index).child('image'),
          image,
          'must not have leading or trailing whitespace',
        ),
      );
    }
  }
  return errors;
}

function validateKnownPod(pod: Pod, old: Readonly<Pod>): FieldError[] {
  return [...validatePodAndSpec(pod, old), ...validatePodAnnotationsUpdate(pod, old, annotations)];
}

function validateNewPod(pod: Pod): FieldError[] {
  const errors: FieldError[] = [];
  if ((pod.spec?.ephemeralContainers ?? []).length > 0) {
    errors.push(forbiddenField(spec.child('ephemeralContainers'), 'cannot be set on create'));
  }
  if (pod.spec?.nodeName && (pod.spec.schedulingGates ?? []).length > 0) {
    errors.push(forbiddenField(spec.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'));
  }
  return [...errors, ...validateAnnotatedProfiles(pod.metadata?.annotations, pod.spec, spec)];
}
