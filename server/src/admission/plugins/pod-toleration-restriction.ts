/** Off by default: pods get the tolerations of their namespace, and have none but those it allows. */
import { schemaByName } from '@typernetes/openapi/catalogue';
import { parseJson } from '@typernetes/openapi/codec';
import { checkTypes, type Schema } from '@typernetes/openapi/schema';
import type { Pod, Toleration } from '@typernetes/openapi/types/core/v1';
import { computeQualityOfService } from '../../registry/core/pod/resources.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import { readTolerationRestriction } from '../configuration/pod-toleration-restriction.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { plainError } from '../refusal.ts';
import { namespaceOf } from './namespace-of.ts';
import { coversToleration, mergeTolerations } from './tolerations.ts';

const defaultsAnnotation = 'scheduler.alpha.kubernetes.io/defaultTolerations';
const whitelistAnnotation = 'scheduler.alpha.kubernetes.io/tolerationsWhitelist';
const schema: Schema = { type: 'array', items: { $ref: 'io.k8s.api.core.v1.Toleration' } };
const memoryPressure: Toleration = {
  key: 'node.kubernetes.io/memory-pressure',
  operator: 'Exists',
  effect: 'NoSchedule',
};

export function podTolerationRestriction(
  dependencies: AdmissionDependencies,
  configuration: string | undefined,
): AdmissionPlugin {
  const cluster = readTolerationRestriction(configuration);
  const annotated = async (attributes: AdmissionAttributes, key: string): Promise<Toleration[] | undefined> =>
    parseTolerations((await namespaceOf(attributes, dependencies)).metadata?.annotations?.[key]);
  const validate = async (attributes: AdmissionAttributes): Promise<void> => {
    const tolerations = (attributes.object as Pod).spec?.tolerations ?? [];
    if (tolerations.length === 0) return;
    const own = await annotated(attributes, whitelistAnnotation);
    const whitelist = own ?? cluster.whitelist ?? [];
    if (whitelist.length === 0) return;
    if (tolerations.every((toleration) => whitelist.some((allowed) => coversToleration(allowed, toleration)))) return;
    const scope = own === undefined ? 'cluster' : 'namespace';
    throw plainError(
      `pod tolerations (possibly merged with namespace default tolerations) conflict with its ${scope} whitelist`,
    );
  };
  return {
    name: 'PodTolerationRestriction',
    resources: ['pods'],
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    async admit(attributes) {
      const pod = attributes.object as Pod;
      const extra =
        attributes.operation === 'CREATE'
          ? ((await annotated(attributes, defaultsAnnotation)) ?? cluster.default ?? [])
          : [];
      const all =
        (pod.status?.qosClass || computeQualityOfService(pod)) === 'BestEffort' ? extra : [...extra, memoryPressure];
      const spec = (pod.spec ??= { containers: [] });
      if (all.length > 0) spec.tolerations = mergeTolerations(spec.tolerations ?? [], all);
      await validate(attributes);
    },
    validate,
  };
}

/** Undefined where nothing is said; nothing at all allows everything. */
function parseTolerations(text: string | undefined): Toleration[] | undefined {
  if (text === undefined) return undefined;
  if (text === '') return [];
  let given: unknown;
  try {
    given = parseJson(text).value ?? [];
  } catch (error) {
    throw plainError((error as Error).message);
  }
  if (!Array.isArray(given))
    throw plainError(`json: cannot unmarshal ${jsonTypeOf(given)} into Go value of type []v1.Toleration`);
  const { error } = checkTypes(given, schema, schemaByName);
  if (error !== undefined) throw plainError(error);
  return given as Toleration[];
}

function jsonTypeOf(value: unknown): string {
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
