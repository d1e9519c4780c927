/** What this server is and how it is set up, as metrics. */
import { type MetricsRegistry, showBuild } from '../metrics/index.ts';
import type { FeatureGates } from './feature-gates.ts';

const stages: Record<string, string> = { Alpha: 'ALPHA', Beta: 'BETA', GA: '', Deprecated: 'DEPRECATED' };

export function showServer(
  registry: MetricsRegistry,
  gates: FeatureGates,
  { major, minor, gitVersion }: { major: string; minor: string; gitVersion: string },
): void {
  showBuild(registry);
  const enabled = registry.gauge(
    'kubernetes_feature_enabled',
    'BETA',
    'This metric records the data about the stage and enablement of a k8s feature.',
    ['name', 'stage'],
  );
  for (const { name, stage, on } of gates.all()) enabled.with(name, stages[stage] ?? stage).set(on ? 1 : 0);
  const version = registry.gauge(
    'version_info',
    'ALPHA',
    'Provides the compatibility version info of the component. The component label is the name of the component, usually kube, but is relevant for aggregated-apiservers.',
    ['component', 'binary', 'emulation', 'min_compat'],
  );
  version.with('kube', gitVersion.replace(/^v/, ''), `${major}.${minor}`, `${major}.${Number(minor) - 1}`).set(1);

  const hidden = registry.counter('hidden_metrics_total', 'BETA', 'The count of hidden metrics.').with();
  const disabled = registry.counter('disabled_metrics_total', 'BETA', 'The count of disabled metrics.').with();
  const unexpected = registry
    .counter(
      'cardinality_enforcement_unexpected_categorizations_total',
      'ALPHA',
      'The count of unexpected categorizations during cardinality enforcement.',
    )
    .with();
  const registered = registry.counter(
    'registered_metrics_total',
    'BETA',
    'The count of registered metrics broken by stability level and deprecation version.',
    ['stability_level', 'deprecated_version'],
  );
  registry.collect(() => {
    hidden.value = registry.hiddenCount;
    disabled.value = registry.disabledCount;
    unexpected.value = registry.unexpectedValues;
    for (const [stability, count] of registry.countByStability()) registered.with(stability, '').value = count;
  });
}
