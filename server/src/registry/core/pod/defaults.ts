import type {
  Container,
  EphemeralContainer,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
} from '@typernetes/openapi/types/core/v1';
import { dropDisabledFields } from './disabled-fields.ts';
import { isLatest } from './image.ts';
import { defaultPodLevelResources, roundUpResources } from './resources.ts';
import { defaultVolume } from './volume-defaults.ts';

/** What upstream's defaulting of this version fills into every pod spec, be it a pod's or a template's. */
export function defaultPodSpec(spec: PodSpec): void {
  dropDisabledFields(spec);
  spec.dnsPolicy ||= 'ClusterFirst';
  spec.restartPolicy ||= 'Always';
  spec.securityContext ??= {};
  spec.terminationGracePeriodSeconds ??= 30;
  spec.schedulerName ||= 'default-scheduler';
  // The deprecated alias and the name are one field in upstream's internal type: what is written to one is read from both.
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName;
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount;
  for (const volume of spec.volumes ?? []) defaultVolume(volume);
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    defaultContainer(container);
    // Only where claims are forbidden does an empty list say something.
    if (container.resources?.claims?.length === 0) delete container.resources.claims;
  }
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container);
  roundUpResources(spec.overhead);
  roundUpResources(spec.resources?.limits);
  roundUpResources(spec.resources?.requests);
}

/** A pod's own defaults on top of its spec's. */
export function defaultPod(pod: Pod): void {
  const spec = pod.spec;
  if (!spec) return;
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) spec.terminationGracePeriodSeconds = 1;
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    if (!container.resources?.limits) continue;
    // What a container may use at most it is also promised, unless it asks for less.
    container.resources.requests = { ...container.resources.limits, ...container.resources.requests };
  }
  defaultPodLevelResources(spec);
  spec.enableServiceLinks ??= true;
  if (spec.hostNetwork) defaultHostPorts(spec);
  defaultPodSpec(spec);
}

/** Templates get the spec's defaults; requests and service links are the pod's own (`defaultPod`). */
export function defaultPodTemplate(template: PodTemplateSpec | undefined): void {
  if (!template) return;
  template.spec ??= { containers: [] };
  defaultPodSpec(template.spec);
}

function defaultContainer(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= isLatest(container.image ?? '') ? 'Always' : 'IfNotPresent';
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  for (const port of container.ports ?? []) port.protocol ||= 'TCP';
  for (const variable of container.env ?? []) {
    if (variable.valueFrom?.fieldRef) variable.valueFrom.fieldRef.apiVersion ||= 'v1';
    if (variable.valueFrom?.fileKeyRef) variable.valueFrom.fileKeyRef.optional ??= false;
  }
  container.resources ??= {};
  roundUpResources(container.resources.limits);
  roundUpResources(container.resources.requests);
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) defaultProbe(probe);
  for (const handler of [container.lifecycle?.postStart, container.lifecycle?.preStop])
    defaultHttpGet(handler?.httpGet);
}

function defaultProbe(probe: Probe | undefined): void {
  if (!probe) return;
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  defaultHttpGet(probe.httpGet);
  if (probe.grpc) probe.grpc.service ??= '';
}

function defaultHttpGet(action: { path?: string; scheme?: string } | undefined): void {
  if (!action) return;
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

/** On the host's network a container's port is the host's. Only in pods; templates keep what they say (since 1.28). */
function defaultHostPorts(spec: PodSpec): void {
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const port of container.ports ?? []) port.hostPort ||= port.containerPort;
  }
}
