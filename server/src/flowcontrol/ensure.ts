/**
 * Sees to it that the bootstrap objects are there. Mandatory ones are put back to what they must be; suggested ones
 * only while nobody has taken them over, which the annotation says, or else that their spec was never changed. What an
 * earlier version suggested and this one does not is removed.
 */
import {
  type GroupResource,
  isAlreadyExists,
  isConflict,
  isNotFound,
  type KubernetesObject,
  parseBool,
} from '@typernetes/openapi/meta';
import { deepCopy, deepEqual } from '@typernetes/openapi/schema';
import type { FlowSchema, PriorityLevelConfiguration } from '@typernetes/openapi/types/flowcontrol/v1';
import type { RegistryReader } from '../registry/generic/rest.ts';
import {
  autoUpdateAnnotation,
  mandatoryLevels,
  mandatorySchemas,
  suggestedLevels,
  suggestedSchemas,
} from './bootstrap.ts';

export const flowSchemas: GroupResource = { group: 'flowcontrol.apiserver.k8s.io', resource: 'flowschemas' };
export const priorityLevels: GroupResource = {
  group: 'flowcontrol.apiserver.k8s.io',
  resource: 'prioritylevelconfigurations',
};
const fieldManager = 'api-priority-and-fairness-config-producer-v1';

type Configuration = FlowSchema | PriorityLevelConfiguration;

export async function ensureFlowControlObjects(registry: RegistryReader): Promise<void> {
  await ensureAll(registry, priorityLevels, suggestedLevels, false);
  await ensureAll(registry, flowSchemas, suggestedSchemas, false);
  await ensureAll(registry, priorityLevels, mandatoryLevels, true);
  await ensureAll(registry, flowSchemas, mandatorySchemas, true);
  await removeUnwanted(registry, flowSchemas, [...mandatorySchemas, ...suggestedSchemas]);
  await removeUnwanted(registry, priorityLevels, [...mandatoryLevels, ...suggestedLevels]);
}

async function ensureAll(
  registry: RegistryReader,
  resource: GroupResource,
  wanted: readonly Configuration[],
  mandatory: boolean,
): Promise<void> {
  const current = new Map((await registry.list<Configuration>(resource)).map((each) => [nameOf(each), each]));
  await Promise.all(
    wanted.map(async (object) => {
      const existing = current.get(nameOf(object));
      try {
        if (existing === undefined) await registry.create(resource, '', object as KubernetesObject, { fieldManager });
        else if (revised(existing, object, mandatory) !== undefined) {
          await registry.update<Configuration & KubernetesObject>(
            resource,
            '',
            nameOf(object),
            (latest) => (revised(latest, object, mandatory) as typeof latest | undefined) ?? latest,
          );
        }
      } catch (error) {
        // Another API server was first; the next round looks again.
        if (!isAlreadyExists(error) && !isConflict(error) && !isNotFound(error)) throw error;
      }
    }),
  );
}

/** The object as it should be; undefined if it is so already. */
function revised(current: Configuration, wanted: Configuration, mandatory: boolean): Configuration | undefined {
  const updateSpec = mandatory || mayUpdate(current);
  const annotated = isAutoUpdated(current) === updateSpec;
  const specChanged = updateSpec && !sameSpec(current, wanted);
  if (annotated && !specChanged) return undefined;
  const copy = deepCopy(current);
  if (specChanged) copy.spec = deepCopy(wanted.spec) as never;
  copy.metadata = {
    ...copy.metadata,
    annotations: { ...copy.metadata?.annotations, [autoUpdateAnnotation]: String(updateSpec) },
  };
  return copy;
}

function mayUpdate(configuration: Configuration): boolean {
  return isAutoUpdated(configuration) ?? configuration.metadata?.generation === 1;
}

/** The exempt level's shares are the operator's to choose. */
function sameSpec(current: Configuration, wanted: Configuration): boolean {
  if (wanted.kind === 'PriorityLevelConfiguration' && nameOf(wanted) === 'exempt') {
    const level = current as PriorityLevelConfiguration;
    return level.spec?.type === 'Exempt' && level.spec.exempt !== undefined && level.spec.limited === undefined;
  }
  return deepEqual(current.spec, wanted.spec);
}

async function removeUnwanted(
  registry: RegistryReader,
  resource: GroupResource,
  wanted: readonly Configuration[],
): Promise<void> {
  const names = new Set(wanted.map(nameOf));
  for (const object of await registry.list<Configuration>(resource)) {
    const ours = isAutoUpdated(object) === true;
    if (!ours || names.has(nameOf(object))) continue;
    try {
      await registry.delete(resource, '', nameOf(object));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

function nameOf({ metadata }: Configuration): string {
  return metadata?.name ?? '';
}

function isAutoUpdated({ metadata }: Configuration): boolean | undefined {
  return parseBool(metadata?.annotations?.[autoUpdateAnnotation] ?? '');
}
