/** In-place resize changes cpu and memory of containers, or of the pod, and nothing that depends on them (KEP-1287). */
import { deepCopy } from '@typernetes/openapi/schema';
import type { Container, Pod, ResourceRequirements } from '@typernetes/openapi/types/core/v1';
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  type Path,
  path,
  type ResourceList,
  semanticEqual,
} from '../../validation/index.ts';
import { computeQualityOfService } from './resources.ts';
import { isMirrorPod } from './validate-update.ts';

const spec = path('spec');
const onlyCompute = 'only cpu and memory resources are mutable';
const lists = ['containers', 'initContainers'] as const;

export function validateResize(pod: Pod, old: Readonly<Pod>): FieldError[] {
  if (isMirrorPod(old)) return [forbiddenField(path('[]'), 'static pods cannot be resized')];
  if (old.spec?.os?.name === 'windows') return [forbiddenField(path('[]'), 'windows pods cannot be resized')];
  const errors: FieldError[] = [];
  const before = old.status?.qosClass ?? computeQualityOfService(old);
  if (before !== computeQualityOfService(pod)) {
    errors.push(invalidValue(spec, pod.status?.qosClass ?? '', 'Pod QOS Class may not change as a result of resizing'));
  }
  if (!canBeResized(old)) errors.push(forbiddenField(spec, 'Pod running on node without support for resize'));
  errors.push(...validatePodResources(pod.spec?.resources, old.spec?.resources, spec.child('resources')));
  const reordered = validateOrder(pod, old);
  if (reordered.length > 0) return [...errors, ...reordered];

  for (const [container, other, at] of pairs(pod, old, 'initContainers'))
    errors.push(...validateKept(container.resources, other.resources, at.child('resources'), 'resource'));
  for (const [container, other, at] of pairs(pod, old, 'containers'))
    errors.push(...validateKept(container.resources, other.resources, at.child('resources'), 'resource'));
  for (const [container, other] of pairs(pod, old, 'containers'))
    if (!semanticEqual(withOldCompute(container, other), other)) errors.push(forbiddenField(spec, onlyCompute));
  for (const pair of pairs(pod, old, 'initContainers')) errors.push(...validateInitContainer(...pair));
  if (errors.length > 0) return errors;

  const munged = { ...pod.spec };
  if (old.spec?.resources === undefined) delete munged.resources;
  else munged.resources = old.spec.resources;
  for (const list of lists) {
    const containers = pairs(pod, old, list).map(([container, other]) => withOldCompute(container, other));
    if (containers.length > 0) munged[list] = containers;
  }
  return semanticEqual(munged, old.spec) ? [] : [forbiddenField(spec, onlyCompute)];
}

/** A node that can do it tells of the resources that its containers have. */
function canBeResized({ status }: Readonly<Pod>): boolean {
  const running = (status?.containerStatuses ?? []).find(({ state }) => state?.running != null);
  return running === undefined || running.resources != null;
}

function validatePodResources(
  resources: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
  at: Path,
): FieldError[] {
  if (!isSet(resources) && !isSet(old)) return [];
  if (old && !resources) return [forbiddenField(at, 'pod-level resources cannot be removed')];
  const errors = old ? validateKept(resources, old, at, 'pod-level resource') : [];
  if (!semanticEqual({ ...resources, ...oldCompute(resources, old) }, old))
    errors.push(forbiddenField(spec, `${onlyCompute} at pod-level`));
  return errors;
}

const isSet = (resources: ResourceRequirements | undefined): boolean =>
  Object.keys(resources?.requests ?? {}).length + Object.keys(resources?.limits ?? {}).length > 0;

function validateOrder(pod: Pod, old: Readonly<Pod>): FieldError[] {
  return lists.flatMap((list) => {
    const at = spec.child(list);
    const containers = pod.spec?.[list] ?? [];
    const others = old.spec?.[list] ?? [];
    if (containers.length !== others.length)
      return [forbiddenField(at, `${list} may not be added or removed on resize`)];
    return others.flatMap(({ name }, index) =>
      containers[index]?.name === name
        ? []
        : [forbiddenField(at.index(index).child('name'), `${list} may not be renamed or reordered on resize`)],
    );
  });
}

function pairs(pod: Pod, old: Readonly<Pod>, list: (typeof lists)[number]): [Container, Container, Path][] {
  const others = old.spec?.[list] ?? [];
  return (pod.spec?.[list] ?? []).flatMap((container, index) => {
    const other = others[index];
    return other === undefined ? [] : [[container, other, spec.child(list).index(index)]];
  });
}

function validateKept(
  resources: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
  at: Path,
  what: string,
): FieldError[] {
  return (['requests', 'limits'] as const).flatMap((kind) => {
    const removed = Object.keys(old?.[kind] ?? {}).some((name) => !Object.hasOwn(resources?.[kind] ?? {}, name));
    return removed ? [forbiddenField(at.child(kind), `${what} ${kind} cannot be removed`)] : [];
  });
}

function validateInitContainer(container: Container, old: Container, at: Path): FieldError[] {
  const errors: FieldError[] = [];
  if (!semanticEqual(withOldCompute(container, old), old))
    errors.push(forbiddenField(at, 'only cpu and memory resources for init or sidecar containers are mutable'));
  if (container.restartPolicy === 'Always' || semanticEqual(container, old)) return errors;
  for (const { restartPolicy } of container.resizePolicy ?? []) {
    if (restartPolicy !== 'RestartContainer') continue;
    const message = 'non-sidecar init containers with a resize policy of RestartContainer cannot be resized';
    errors.push(forbiddenField(at, message));
  }
  return errors;
}

const withOldCompute = (container: Container, old: Container): Container => ({
  ...container,
  resources: oldCompute(container.resources, old.resources),
});

/** Only these: who has claims cannot be resized. Cpu and memory are as they were. */
function oldCompute(
  resources: ResourceRequirements | undefined,
  old: ResourceRequirements | undefined,
): Pick<ResourceRequirements, 'limits' | 'requests'> {
  const munged = (kind: 'limits' | 'requests'): ResourceList => {
    const list: ResourceList = deepCopy(resources?.[kind] ?? {});
    for (const name of ['cpu', 'memory']) {
      const value = old?.[kind]?.[name];
      if (value === undefined) delete list[name];
      else list[name] = value;
    }
    return list;
  };
  return { limits: munged('limits'), requests: munged('requests') };
}
