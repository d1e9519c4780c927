/** Off by default: pods get the node selector of their namespace, and ask for no nodes but those it is given. */
import { forbidden } from '@typernetes/openapi/meta';
import type { Namespace, Pod } from '@typernetes/openapi/types/core/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { readPodNodeSelectors } from '../configuration/pod-node-selector.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { plainError } from '../refusal.ts';
import { conflict, type LabelMap, parseLabelMap } from './label-map.ts';
import { namespaceOf } from './namespace-of.ts';

const annotation = 'scheduler.alpha.kubernetes.io/node-selector';
const clusterDefault = 'clusterDefaultNodeSelector';

export function podNodeSelector(
  dependencies: AdmissionDependencies,
  configuration: string | undefined,
): AdmissionPlugin {
  const selectors = new Map(Object.entries(readPodNodeSelectors(configuration)));
  const selectorOf = (namespace: Namespace): LabelMap =>
    labels(namespace.metadata?.annotations?.[annotation] ?? selectors.get(clusterDefault) ?? '');
  const check = (attributes: AdmissionAttributes, selector: LabelMap): void => {
    const { metadata, spec } = attributes.object as Pod;
    const own = spec?.nodeSelector ?? {};
    const no = (reason: string): Error => forbidden(attributes.resource, metadata?.name ?? '', reason);
    if (conflict(selector, own)) throw no('pod node label selector conflicts with its namespace node label selector');
    const allowed = labels(selectors.get(attributes.namespace) ?? '');
    if (Object.keys(allowed).length > 0 && Object.entries(own).some(([key, value]) => allowed[key] !== value))
      throw no('pod node label selector labels conflict with its namespace whitelist');
  };
  return {
    name: 'PodNodeSelector',
    resources: ['pods'],
    handles: (operation) => operation === 'CREATE',
    async admit(attributes) {
      const selector = selectorOf(await namespaceOf(attributes, dependencies));
      const spec = ((attributes.object as Pod).spec ??= { containers: [] });
      const merged = { ...selector, ...spec.nodeSelector };
      if (!conflict(selector, spec.nodeSelector ?? {}) && Object.keys(merged).length > 0) spec.nodeSelector = merged;
      check(attributes, selector);
    },
    async validate(attributes) {
      check(attributes, selectorOf(await namespaceOf(attributes, dependencies)));
    },
  };
}

function labels(text: string): LabelMap {
  try {
    return parseLabelMap(text);
  } catch (error) {
    throw plainError((error as Error).message);
  }
}
