/** ApplyConfiguration mutations: a structured merge without ownership. */
import type { GroupVersionKind, JsonObject, JsonValue, KubernetesObject } from '@typernetes/openapi/meta';
import { assertTyped, isObject, mergeTyped, type TypedNode } from '@typernetes/openapi/schema';

/** The object with the configuration merged in; neither is changed. Throws an Error. */
export function applyConfiguration(
  node: TypedNode,
  object: Readonly<KubernetesObject>,
  configuration: JsonValue,
  { kind }: GroupVersionKind,
): KubernetesObject {
  if (!isObject(configuration)) throw new Error(`invalid return type: ${typeof configuration}`);
  const applied: JsonObject = { ...configuration, apiVersion: object.apiVersion ?? '', kind: object.kind ?? kind };
  attempt('failed to convert patch object to typed object', () => assertTyped(node, applied));
  const atomics = findAtomics(node, applied, '');
  if (atomics.length > 0)
    throw new Error(`invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${atomics.join(', ')}`);
  const live = object as JsonValue;
  attempt('failed to convert original object to typed object', () =>
    assertTyped(node, live, { allowDuplicates: true }),
  );
  return mergeTyped(node, live, applied) as KubernetesObject;
}

function attempt(what: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

/** What would be replaced as a whole: too easily more is lost than was meant. */
function findAtomics({ map, list }: TypedNode, value: JsonValue, place: string): string[] {
  if (isObject(value) && map !== undefined) {
    const below = Object.entries(value).flatMap(([key, member]) => {
      const field = map.fields.get(key);
      return field === undefined ? [] : findAtomics(field.node, member, `${place}.${key}`);
    });
    return map.atomic ? [place, ...below] : below;
  }
  if (Array.isArray(value) && list !== undefined) {
    const below = value.flatMap((item, index) => findAtomics(list.item, item, `${place}[${index}]`));
    return list.atomic ? [place, ...below] : below;
  }
  return [];
}
