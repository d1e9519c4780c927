/**
 * HorizontalPodAutoscalers are stored as autoscaling/v2. v1 knows one metric, CPU utilization, as a field; what else
 * there is travels in annotations, in v1's own spelling, so that nothing is lost on the way through a v1 client.
 */
import type { KubernetesObject } from '@typernetes/openapi/meta';

const prefix = 'autoscaling.alpha.kubernetes.io/';
const annotations = {
  metrics: `${prefix}metrics`,
  currentMetrics: `${prefix}current-metrics`,
  conditions: `${prefix}conditions`,
  behavior: `${prefix}behavior`,
};

type Fields = Record<string, unknown>;
interface Autoscaler extends KubernetesObject {
  spec?: Fields;
  status?: Fields;
}

const sources: Record<string, string> = {
  Resource: 'resource',
  ContainerResource: 'containerResource',
  Pods: 'pods',
  Object: 'object',
  External: 'external',
};

const defaultCpuUtilization = 80;

export function defaultAutoscalerV1(object: KubernetesObject): void {
  const { spec, metadata } = object as Autoscaler;
  if (!spec) return;
  spec.minReplicas ??= 1;
  // v2's default, which v1 shows as its own field.
  if (metadata?.annotations?.[annotations.metrics] === undefined)
    spec.targetCPUUtilizationPercentage ??= defaultCpuUtilization;
}

export function autoscalerToV1(object: KubernetesObject): KubernetesObject {
  const { metadata, spec: { metrics, behavior, ...spec } = {}, status, ...rest } = object as Autoscaler;
  const kept: Record<string, string> = { ...metadata?.annotations };
  const others: Fields[] = [];
  for (const metric of (metrics ?? []) as Fields[]) {
    const cpu = cpuUtilization(metric, 'target');
    if (cpu !== undefined && spec.targetCPUUtilizationPercentage === undefined)
      spec.targetCPUUtilizationPercentage = cpu;
    else others.push(metricToV1(metric, 'target'));
  }
  keep(kept, annotations.metrics, others);
  if (behavior !== undefined) kept[annotations.behavior] = JSON.stringify(behavior);
  const result: Autoscaler = { ...rest, apiVersion: 'autoscaling/v1', metadata: { ...metadata }, spec };
  if (status !== undefined) result.status = statusToV1(status, kept);
  if (Object.keys(kept).length > 0) result.metadata!.annotations = kept;
  return result;
}

export function autoscalerToV2(object: KubernetesObject): KubernetesObject {
  const { metadata, spec: { targetCPUUtilizationPercentage, ...spec } = {}, status, ...rest } = object as Autoscaler;
  const kept: Record<string, string> = { ...metadata?.annotations };
  const metrics = take(kept, annotations.metrics, (metric) => metricToV2(metric, 'target'));
  if (targetCPUUtilizationPercentage !== undefined) {
    const target = { type: 'Utilization', averageUtilization: targetCPUUtilizationPercentage };
    metrics.unshift({ type: 'Resource', resource: { name: 'cpu', target } });
  }
  const result: Autoscaler = { ...rest, apiVersion: 'autoscaling/v2', metadata: { ...metadata }, spec };
  if (metrics.length > 0) spec.metrics = metrics;
  const behavior = parse(kept[annotations.behavior]);
  if (typeof behavior === 'object' && behavior !== null && !Array.isArray(behavior)) spec.behavior = behavior;
  delete kept[annotations.behavior];
  if (status !== undefined) result.status = statusToV2(status, kept);
  if (Object.keys(kept).length > 0) result.metadata!.annotations = kept;
  else delete result.metadata!.annotations;
  return result;
}

function statusToV1({ currentMetrics, conditions, ...status }: Fields, kept: Record<string, string>): Fields {
  const others: Fields[] = [];
  for (const metric of (currentMetrics ?? []) as Fields[]) {
    const cpu = cpuUtilization(metric, 'current');
    if (cpu !== undefined) status.currentCPUUtilizationPercentage = cpu;
    else others.push(metricToV1(metric, 'current'));
  }
  keep(kept, annotations.currentMetrics, others);
  keep(kept, annotations.conditions, (conditions ?? []) as Fields[]);
  return status;
}

function statusToV2({ currentCPUUtilizationPercentage, ...status }: Fields, kept: Record<string, string>): Fields {
  const metrics = take(kept, annotations.currentMetrics, (metric) => metricToV2(metric, 'current'));
  if (currentCPUUtilizationPercentage !== undefined) {
    const current = { averageUtilization: currentCPUUtilizationPercentage };
    metrics.unshift({ type: 'Resource', resource: { name: 'cpu', current } });
  }
  const conditions = take(kept, annotations.conditions, (condition) => condition);
  if (metrics.length > 0) status.currentMetrics = metrics;
  if (conditions.length > 0) status.conditions = conditions;
  return status;
}

function cpuUtilization(metric: Fields, side: 'target' | 'current'): unknown {
  const source = metric.type === 'Resource' ? (metric.resource as Fields | undefined) : undefined;
  return source?.name === 'cpu' ? (source[side] as Fields | undefined)?.averageUtilization : undefined;
}

/** v2 groups a metric's figures under target or current; v1 has them side by side under names of their own. */
function metricToV1(metric: Fields, side: 'target' | 'current'): Fields {
  const name = sources[String(metric.type)];
  const source = name === undefined ? undefined : (metric[name] as Fields | undefined);
  if (name === undefined || source === undefined) return metric;
  const figures = (source[side] ?? {}) as Fields;
  const { name: metricName, selector } = (source.metric ?? {}) as Fields;
  switch (metric.type) {
    case 'Resource':
    case 'ContainerResource':
      return {
        type: metric.type,
        [name]: compact({
          name: source.name,
          container: source.container,
          [`${side}AverageUtilization`]: figures.averageUtilization,
          [`${side}AverageValue`]: figures.averageValue,
        }),
      };
    case 'Pods':
      return {
        type: metric.type,
        [name]: compact({ metricName, selector, [`${side}AverageValue`]: figures.averageValue }),
      };
    case 'External':
      return {
        type: metric.type,
        [name]: compact({
          metricName,
          metricSelector: selector,
          [`${side}Value`]: figures.value,
          [`${side}AverageValue`]: figures.averageValue,
        }),
      };
    default:
      return {
        type: metric.type,
        [name]: compact({
          target: source.describedObject,
          metricName,
          selector,
          [`${side}Value`]: figures.value,
          averageValue: figures.averageValue,
        }),
      };
  }
}

function metricToV2(metric: Fields, side: 'target' | 'current'): Fields {
  const name = sources[String(metric.type)];
  const source = name === undefined ? undefined : (metric[name] as Fields | undefined);
  if (name === undefined || source === undefined) return metric;
  const averageValue = source[`${side}AverageValue`] ?? source.averageValue;
  const averageUtilization = source[`${side}AverageUtilization`];
  const value = source[`${side}Value`];
  const type = averageUtilization !== undefined ? 'Utilization' : averageValue !== undefined ? 'AverageValue' : 'Value';
  const figures = compact({ type: side === 'target' ? type : undefined, value, averageValue, averageUtilization });
  const named = compact({ name: source.metricName, selector: source.selector ?? source.metricSelector });
  switch (metric.type) {
    case 'Resource':
    case 'ContainerResource':
      return {
        type: metric.type,
        [name]: compact({ name: source.name, container: source.container, [side]: figures }),
      };
    case 'Object':
      return { type: metric.type, [name]: compact({ describedObject: source.target, metric: named, [side]: figures }) };
    default:
      return { type: metric.type, [name]: { metric: named, [side]: figures } };
  }
}

function compact(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function keep(kept: Record<string, string>, name: string, list: readonly Fields[]): void {
  if (list.length > 0) kept[name] = JSON.stringify(list);
}

function take(kept: Record<string, string>, name: string, convert: (item: Fields) => Fields): Fields[] {
  const list = parse(kept[name]);
  delete kept[name];
  return Array.isArray(list) ? list.map((item) => convert(item as Fields)) : [];
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
