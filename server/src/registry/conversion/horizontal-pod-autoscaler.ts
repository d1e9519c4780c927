/**
 * HorizontalPodAutoscalers are stored as autoscaling/v2. v1 knows one metric, CPU utilization, as a field; what else
 * there is travels in annotations, in v1's own spelling, so that nothing is lost on the way through a v1 client.
 */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { autoscalerBehavior, behaviorAnnotation } from './autoscaler-behavior.ts';
import { compact, metricFromV1, metricToV1 } from './autoscaler-metrics.ts';
import { type Fields, isFields } from './fields.ts';

const prefix = 'autoscaling.alpha.kubernetes.io/';
const annotations = {
  metrics: `${prefix}metrics`,
  currentMetrics: `${prefix}current-metrics`,
  conditions: `${prefix}conditions`,
  behavior: `${prefix}behavior`,
};
/** No version shows these but v1 those that the conversion writes. */
const roundTrip = [...Object.values(annotations), `${prefix}scale-down-tolerance`, `${prefix}scale-up-tolerance`];

interface Autoscaler extends KubernetesObject {
  spec?: Fields;
  status?: Fields;
}

const defaultCpuUtilization = 80;

/** Upstream goes through its internal form: the annotations come out as it writes them, and CPU has its default. */
export function defaultAutoscalerV1(object: KubernetesObject): void {
  const autoscaler = object as Autoscaler;
  if (!autoscaler.spec) return;
  autoscaler.spec.minReplicas ??= 1;
  const { metadata, spec, status } = autoscalerToV1(autoscalerToV2(structuredClone(autoscaler))) as Autoscaler;
  Object.assign(autoscaler, { metadata, spec }, status === undefined ? {} : { status });
}

export function autoscalerToV1(object: KubernetesObject): KubernetesObject {
  const { spec: { metrics, behavior, ...spec } = {}, status, ...rest } = withoutRoundTrip(object) as Autoscaler;
  const kept: Record<string, string> = {};
  const all = (metrics ?? []) as Fields[];
  const cpu = all.map((metric) => cpuUtilization(metric, 'target')).find((each) => each !== undefined);
  if (cpu !== undefined) spec.targetCPUUtilizationPercentage = cpu;
  // Of several figures for CPU the first is told, and none of the others is kept.
  const others = all.filter((metric) => cpuUtilization(metric, 'target') === undefined);
  keep(
    kept,
    annotations.metrics,
    others.map((metric) => metricToV1(metric, 'target')),
  );
  const result: Autoscaler = { ...rest, apiVersion: 'autoscaling/v1', spec };
  if (status !== undefined) result.status = statusToV1(status, kept);
  if (behavior !== undefined && behavior !== null) kept[annotations.behavior] = behaviorAnnotation(behavior as Fields);
  if (Object.keys(kept).length > 0)
    result.metadata = { ...result.metadata, annotations: { ...result.metadata?.annotations, ...kept } };
  return result;
}

export function autoscalerToV2(object: KubernetesObject): KubernetesObject {
  const given = object.metadata?.annotations ?? {};
  const {
    spec: { targetCPUUtilizationPercentage: cpu, ...spec } = {},
    status,
    ...rest
  } = withoutRoundTrip(object) as Autoscaler;
  const metrics = (parseList(given[annotations.metrics]) ?? []).map((metric) => metricFromV1(metric, 'target'));
  const utilization = cpu ?? (metrics.length === 0 ? defaultCpuUtilization : undefined);
  if (utilization !== undefined) {
    const target = { type: 'Utilization', averageUtilization: utilization };
    metrics.push({ type: 'Resource', resource: { name: 'cpu', target } });
  }
  spec.metrics = metrics;
  const behavior = autoscalerBehavior(parse(given[annotations.behavior]));
  if (behavior !== undefined) spec.behavior = behavior;
  const result: Autoscaler = { ...rest, apiVersion: 'autoscaling/v2', spec };
  if (status !== undefined) result.status = statusToV2(status, given);
  return result;
}

/** What a client of v2 writes under these names is for no one. */
export function withoutRoundTrip(object: KubernetesObject): KubernetesObject {
  const given = object.metadata?.annotations;
  if (given === undefined || !roundTrip.some((name) => Object.hasOwn(given, name))) return object;
  const { annotations: _, ...metadata } = object.metadata ?? {};
  const left = Object.entries(given).filter(([name]) => !roundTrip.includes(name));
  if (left.length === 0) return { ...object, metadata };
  return { ...object, metadata: { ...metadata, annotations: Object.fromEntries(left) } };
}

function statusToV1({ currentMetrics, conditions, ...status }: Fields, kept: Record<string, string>): Fields {
  const all = (currentMetrics ?? []) as Fields[];
  const cpu = all.map((metric) => cpuUtilization(metric, 'current')).findLast((each) => each !== undefined);
  if (cpu !== undefined) status.currentCPUUtilizationPercentage = cpu;
  keep(
    kept,
    annotations.currentMetrics,
    all.map((metric) => metricToV1(metric, 'current')),
  );
  const told = ((conditions ?? []) as Fields[]).map(({ type, status: value, lastTransitionTime, reason, message }) =>
    compact({ type, status: value, lastTransitionTime: lastTransitionTime ?? null, reason, message }),
  );
  keep(kept, annotations.conditions, told);
  return status;
}

function statusToV2(
  { currentCPUUtilizationPercentage: cpu, ...status }: Fields,
  given: Record<string, string>,
): Fields {
  // The annotation says more than the field, so the field counts only without it.
  const metrics = parseList(given[annotations.currentMetrics])?.map((metric) => metricFromV1(metric, 'current'));
  if (metrics !== undefined) status.currentMetrics = metrics;
  else if (cpu !== undefined)
    status.currentMetrics = [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: cpu } } }];
  const conditions = parseList(given[annotations.conditions]);
  if (conditions !== undefined) status.conditions = conditions;
  return status;
}

function cpuUtilization(metric: Fields, side: 'target' | 'current'): unknown {
  const source = metric.type === 'Resource' ? (metric.resource as Fields | undefined) : undefined;
  return source?.name === 'cpu' ? ((source[side] as Fields | undefined)?.averageUtilization ?? undefined) : undefined;
}

function keep(kept: Record<string, string>, name: string, list: readonly Fields[]): void {
  if (list.length > 0) kept[name] = JSON.stringify(list);
}

function parseList(text: string | undefined): Fields[] | undefined {
  const list = parse(text);
  return Array.isArray(list) && list.every(isFields) ? list : undefined;
}

/** Annotations are clients' text: what is no JSON is as good as absent. */
function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
