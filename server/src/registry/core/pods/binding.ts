import { badRequest, conflict, invalid, type KubernetesObject, successStatus } from '@typernetes/openapi/meta';
import type { Binding, Pod } from '@typernetes/openapi/types/core/v1';
import type { RestContext } from '../../generic/rest.ts';
import { type FieldError, notSupported, path, required } from '../../validation/index.ts';
import { setPodCondition } from '../pod/conditions.ts';
import { BINDING } from './strategy.ts';

const PODS = { group: '', resource: 'pods' };

/** POST pods/NAME/binding (and the legacy bindings resource): the scheduler's decision. */
export async function bindPod(
  podName: string,
  object: KubernetesObject,
  context: RestContext,
): Promise<KubernetesObject> {
  // The endpoint decodes the body as a Binding before it comes here.
  const binding = object as Binding;
  if (podName !== (binding.metadata?.name ?? '')) throw badRequest('name in URL does not match name in Binding object');
  const errors = validateBinding(binding);
  if (errors.length > 0) throw invalid({ group: '', kind: 'Binding' }, podName, errors);
  await context.registry.update<Pod>(PODS, context.namespace, podName, (pod) => assign(pod, binding, context.now), {
    subresource: BINDING,
    dryRun: context.dryRun,
  });
  return successStatus(undefined, 201) as KubernetesObject;
}

function validateBinding(binding: Binding): FieldError[] {
  const errors: FieldError[] = [];
  const { kind, name } = binding.target ?? {};
  if (kind && kind !== 'Node') errors.push(notSupported(path('target', 'kind'), kind, ['Node', '<empty>']));
  if (!name) errors.push(required(path('target', 'name'), ''));
  return errors;
}

function assign(pod: Pod, binding: Binding, now: Date): Pod {
  const name = pod.metadata?.name ?? '';
  const refuse = (reason: string): never => {
    throw conflict({ group: '', resource: 'pods/binding' }, name, reason);
  };
  const { uid, resourceVersion } = binding.metadata ?? {};
  if (uid && uid !== pod.metadata?.uid) {
    refuse(`Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata?.uid ?? ''}`);
  }
  if (resourceVersion && resourceVersion !== pod.metadata?.resourceVersion) {
    const actual = pod.metadata?.resourceVersion ?? '';
    refuse(
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${actual}`,
    );
  }
  if (pod.metadata?.deletionTimestamp) refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec?.nodeName) refuse(`pod ${name} is already assigned to node ${JSON.stringify(pod.spec.nodeName)}`);
  if ((pod.spec?.schedulingGates ?? []).length > 0) refuse(`pod ${name} has non-empty .spec.schedulingGates`);

  const metadata = (pod.metadata ??= {});
  if (binding.metadata?.annotations)
    metadata.annotations = { ...metadata.annotations, ...binding.metadata.annotations };
  if (binding.metadata?.labels) metadata.labels = { ...metadata.labels, ...binding.metadata.labels };
  if (pod.spec && binding.target.name) pod.spec.nodeName = binding.target.name;
  delete pod.status?.nominatedNodeName;
  setPodCondition(pod, { type: 'PodScheduled', status: 'True' }, now);
  return pod;
}
