import type { GroupVersionKind } from '../meta/object.ts';
import type { Schema } from '../schema/schema.ts';
import { memoized, readGeneratedJson } from './generated.ts';
import { catalogueFile } from './resources.ts';

const definitionsOf = memoized((file) => readGeneratedJson<Record<string, Schema>>(`schemas/${file}`));

/**
 * The schema of a definition such as `io.k8s.api.core.v1.PodSpec`. `$ref` in it is again such a name, and may have
 * siblings (`default`, `x-kubernetes-map-type`) that belong to the place, not to the definition. A reference in the form
 * `#/definitions/NAME` or `#/components/schemas/NAME` is taken too.
 */
export function schemaByName(definitionName: string): Schema | undefined {
  const name = definitionName.slice(definitionName.lastIndexOf('/') + 1);
  const file = catalogueFile().packages[name.slice(0, name.lastIndexOf('.'))];
  return file === undefined ? undefined : definitionsOf(file)[name];
}

/** Name of the definition of a kind; lists (`PodList`) and options (`DeleteOptions`) have one as well. */
export function definitionName({ group, version, kind }: GroupVersionKind): string | undefined {
  return catalogueFile().kinds[`${group}/${version}/${kind}`];
}

export function schemaFor(gvk: GroupVersionKind): Schema | undefined {
  const name = definitionName(gvk);
  return name === undefined ? undefined : schemaByName(name);
}
