/** --disabled-metrics, --allow-metric-labels, --allow-metric-labels-manifest and --show-hidden-metrics-for-version. */
import { readFile } from 'node:fs/promises';
import { kubernetesVersion } from '@typernetes/openapi/catalogue';
import { yamlSerializer } from '@typernetes/openapi/codec';
import { aggregateFieldErrors, type FieldError, invalidValue, path } from '@typernetes/openapi/meta';
import type { MetricRestrictions } from '../metrics/index.ts';
import type { ApiserverOptions } from './config.ts';

type Options = Pick<
  ApiserverOptions,
  'allowMetricLabels' | 'allowMetricLabelsManifest' | 'disabledMetrics' | 'showHiddenMetricsForVersion'
>;

const labelName = '[a-zA-Z_][a-zA-Z0-9_]*';
const metricName = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const keyFormat = new RegExp(`^${metricName},${labelName}$`);
const nameFormat = new RegExp(`^${metricName}$`);
const at = path('metrics');

/** Throws what is wrong with the flags, all of it. */
export async function metricRestrictions(options: Options): Promise<MetricRestrictions> {
  const { disabledMetrics, allowMetricLabels, allowMetricLabelsManifest, showHiddenMetricsForVersion } = options;
  const errors = [...checkVersion(showHiddenMetricsForVersion), ...checkDisabled(disabledMetrics)];
  const given = new Map(allowMetricLabels.map(splitPair));
  errors.push(...checkMapping(given));
  let allowed = given;
  if (allowMetricLabelsManifest !== undefined) {
    const manifest = await readManifest(allowMetricLabelsManifest);
    if (manifest instanceof Map) allowed = manifest;
    else errors.push(manifest);
    if (given.size > 0) {
      const both = { allowListMapping: Object.fromEntries(given), allowListMappingManifest: allowMetricLabelsManifest };
      errors.push(invalidValue(at, both, 'cannot specify both allowListMapping and allowListMappingManifest'));
    }
  }
  const problem = aggregateFieldErrors(errors);
  if (problem !== undefined) throw new Error(problem);
  return {
    disabled: new Set(disabledMetrics),
    allowedLabels: byMetric(allowed),
    showHidden: showHiddenMetricsForVersion !== undefined && showHiddenMetricsForVersion !== '',
  };
}

function checkVersion(version: string | undefined): FieldError[] {
  const previous = `${kubernetesVersion.major}.${Number(kubernetesVersion.minor) - 1}`;
  if (version === undefined || version === '' || version === previous) return [];
  const message = `must be omitted or have the value '${previous}'; only the previous minor version is allowed`;
  return [invalidValue(at.child('showHiddenMetricsForVersion'), version, message)];
}

function checkDisabled(names: readonly string[]): FieldError[] {
  const wrong = names.find((name) => !nameFormat.test(name));
  if (wrong === undefined) return [];
  const message = `must be fully qualified metric names matching ${JSON.stringify(nameFormat.source)}, got ${JSON.stringify(wrong)}`;
  return [invalidValue(at.child('disabledMetrics'), names, message)];
}

function checkMapping(mapping: ReadonlyMap<string, string>): FieldError[] {
  if ([...mapping.keys()].every((key) => keyFormat.test(key))) return [];
  const message = `must have keys with format \`metricName,labelName\` where metricName matches ${JSON.stringify(metricName)} and labelName matches ${JSON.stringify(labelName)}`;
  return [invalidValue(at.child('allowListMapping'), Object.fromEntries(mapping), message)];
}

/** Of the file's YAML: `"METRIC,LABEL": "VALUE,VALUE"`. */
async function readManifest(file: string): Promise<Map<string, string> | FieldError> {
  const where = at.child('allowListMappingManifest');
  const wrong = (what: string): FieldError => invalidValue(where, file, what);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return wrong(`failed to read allow list manifest: ${(error as Error).message}`);
  }
  let parsed: unknown;
  try {
    parsed = yamlSerializer.decode(Buffer.from(text)).object;
  } catch (error) {
    return wrong(`failed to parse allow list manifest: ${(error as Error).message}`);
  }
  const entries = Object.entries(parsed ?? {});
  if (typeof parsed !== 'object' || Array.isArray(parsed) || entries.some(([, value]) => typeof value === 'object'))
    return wrong('failed to parse allow list manifest: it is no map of strings');
  const mapping = new Map(entries.map(([key, value]) => [key, String(value)]));
  const problem = aggregateFieldErrors(checkMapping(mapping));
  return problem === undefined ? mapping : wrong(`invalid allow list mapping in manifest: [${problem}]`);
}

function splitPair(pair: string): [key: string, values: string] {
  const equals = pair.indexOf('=');
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

function byMetric(mapping: ReadonlyMap<string, string>): Map<string, Map<string, Set<string>>> {
  const metrics = new Map<string, Map<string, Set<string>>>();
  for (const [key, values] of mapping) {
    const [metric = '', label = ''] = key.split(',');
    const labels = metrics.get(metric) ?? new Map<string, Set<string>>();
    metrics.set(metric, labels.set(label, new Set(values.split(','))));
  }
  return metrics;
}
