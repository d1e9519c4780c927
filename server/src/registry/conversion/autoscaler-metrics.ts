/** One metric of an autoscaler, between v2 and the spelling that v1 has for its annotations. */
import type { Fields } from './fields.ts';

type Side = 'target' | 'current';

/** v2 groups a metric's figures under target or current; v1 has them side by side under names of their own. */
interface Source {
  toV1(source: Fields, side: Side): Fields;
  fromV1(source: Fields, side: Side): Fields;
}

export const compact = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const figuresOf = (source: Fields, side: Side): Fields => (source[side] ?? {}) as Fields;
const metricOf = (source: Fields): Fields => (source.metric ?? {}) as Fields;
const isZero = (quantity: unknown): boolean => /^[+-]?0*\.?0*(?:[a-zA-Z]\w*)?$/.test(String(quantity));

/** `type` belongs to targets only. */
const figures = (side: Side, type: string, fields: Fields): Fields =>
  compact({ type: side === 'target' ? type : undefined, ...fields });

const resource: Source = {
  toV1: (source, side) => {
    const { averageUtilization, averageValue } = figuresOf(source, side);
    return compact({
      name: source.name,
      [`${side}AverageUtilization`]: averageUtilization,
      // A status always has it.
      [`${side}AverageValue`]: side === 'target' ? averageValue : (averageValue ?? '0'),
      container: source.container,
    });
  },
  fromV1: (source, side) => {
    const averageUtilization = source[`${side}AverageUtilization`];
    const averageValue = source[`${side}AverageValue`] ?? (side === 'target' ? undefined : '0');
    const type = averageUtilization === undefined ? 'AverageValue' : 'Utilization';
    return compact({
      name: source.name,
      container: source.container,
      [side]: figures(side, type, { averageValue, averageUtilization }),
    });
  },
};

/** In upstream's order. */
const sources: Readonly<Record<string, Source>> = {
  object: {
    toV1: (source, side) => {
      const { value, averageValue } = figuresOf(source, side);
      const { name, selector } = metricOf(source);
      const { kind, name: target, apiVersion } = (source.describedObject ?? {}) as Fields;
      return compact({
        target: compact({ kind, name: target, apiVersion }),
        metricName: name,
        [`${side}Value`]: value ?? '0',
        selector,
        averageValue,
      });
    },
    fromV1: (source, side) => {
      const { averageValue, target, metricName, selector } = source;
      const value = source[`${side}Value`] ?? '0';
      // v1 cannot leave the value out: a zero beside an average is none.
      const none = side === 'target' && averageValue !== undefined && isZero(value);
      const type = averageValue === undefined ? 'Value' : 'AverageValue';
      return compact({
        describedObject: target ?? { kind: '', name: '' },
        metric: compact({ name: metricName ?? '', selector }),
        [side]: figures(side, type, { value: none ? undefined : value, averageValue }),
      });
    },
  },
  pods: {
    toV1: (source, side) => {
      const { name, selector } = metricOf(source);
      return compact({
        metricName: name,
        [`${side}AverageValue`]: figuresOf(source, side).averageValue ?? '0',
        selector,
      });
    },
    fromV1: (source, side) => ({
      metric: compact({ name: source.metricName ?? '', selector: source.selector }),
      [side]: figures(side, 'AverageValue', { averageValue: source[`${side}AverageValue`] ?? '0' }),
    }),
  },
  resource,
  containerResource: resource,
  external: {
    toV1: (source, side) => {
      const { value, averageValue } = figuresOf(source, side);
      const { name, selector } = metricOf(source);
      return compact({
        metricName: name,
        metricSelector: selector,
        [`${side}Value`]: side === 'target' ? value : (value ?? '0'),
        [`${side}AverageValue`]: averageValue,
      });
    },
    fromV1: (source, side) => {
      const value = source[`${side}Value`] ?? (side === 'target' ? undefined : '0');
      const type = value === undefined ? 'AverageValue' : 'Value';
      return {
        metric: compact({ name: source.metricName ?? '', selector: source.metricSelector }),
        [side]: figures(side, type, { value, averageValue: source[`${side}AverageValue`] }),
      };
    },
  },
};

const convert = (metric: Fields, of: (source: Source, value: Fields) => Fields): Fields => {
  const converted: Fields = { type: metric.type ?? '' };
  for (const [name, source] of Object.entries(sources)) {
    const value = metric[name];
    if (typeof value === 'object' && value !== null) converted[name] = of(source, value as Fields);
  }
  return converted;
};

export const metricToV1 = (metric: Fields, side: Side): Fields =>
  convert(metric, (source, value) => source.toV1(value, side));

export const metricFromV1 = (metric: Fields, side: Side): Fields =>
  convert(metric, (source, value) => source.fromV1(value, side));
