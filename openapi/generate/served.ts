/** What a server says otherwise than the saved documents, which are made with every feature on and by no version. */
import type { Spec, SpecShape } from './spec.ts';

/** The handler of logs is off unless it is asked for. */
const unservedRoots: ReadonlySet<string> = new Set(['logs']);

export function servedSpec(spec: Spec): Spec {
  const { major, minor } = spec.index.kubernetesVersion;
  const roots = Object.entries(spec.roots).filter(([place]) => !unservedRoots.has(place));
  const shapes = Object.entries(spec.shapes).map(([name, shape]): [string, SpecShape] => [name, withoutCbor(shape)]);
  return {
    ...spec,
    index: { ...spec.index, info: { ...spec.index.info, version: `${major}.${minor}` } },
    roots: Object.fromEntries(roots),
    shapes: Object.fromEntries(shapes),
  };
}

/** Its gate is off by default. */
function withoutCbor(shape: SpecShape): SpecShape {
  const served = (types: readonly string[]): string[] => types.filter((type) => !/[/+]cbor/.test(type));
  const { consumes, produces } = shape;
  return { ...shape, consumes: served(consumes), ...(produces === undefined ? {} : { produces: served(produces) }) };
}
