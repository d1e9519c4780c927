/** A cluster without --allow-privileged: no pod, and no template of one, may have a privileged container. */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { PodSpec, PodTemplateSpec } from '@typernetes/openapi/types/core/v1';
import type { ResourceRegistration, Strategy } from '../../generic/strategy.ts';
import { type FieldError, forbiddenField, type Path, path } from '../../validation/index.ts';

interface Templated extends KubernetesObject {
  spec?: { template?: PodTemplateSpec; jobTemplate?: { spec?: { template?: PodTemplateSpec } } };
}

type Found = readonly [spec: PodSpec | undefined, at: Path];

/** Where the resources with pods in them have their specs. */
const podSpecs: Readonly<Record<string, (object: KubernetesObject) => Found>> = {
  pods: (pod: KubernetesObject & { spec?: PodSpec }) => [pod.spec, path('spec')],
  podtemplates: (object: KubernetesObject & { template?: PodTemplateSpec }) => [
    object.template?.spec,
    path('template', 'spec'),
  ],
  ...Object.fromEntries(
    ['replicationcontrollers', 'apps/deployments', 'apps/replicasets', 'apps/statefulsets', 'apps/daemonsets'].map(
      (resource) => [resource, inTemplate],
    ),
  ),
  'batch/jobs': inTemplate,
  'batch/cronjobs': (object: Templated) => [
    object.spec?.jobTemplate?.spec?.template?.spec,
    path('spec', 'jobTemplate', 'spec', 'template', 'spec'),
  ],
};

function inTemplate(object: Templated): Found {
  return [object.spec?.template?.spec, path('spec', 'template', 'spec')];
}

/** The same registration, whose objects have no privileged containers. Others stay as they are. */
export function withoutPrivileged(registration: ResourceRegistration): ResourceRegistration {
  const { group, resource } = registration.resource;
  const find = podSpecs[group === '' ? resource : `${group}/${resource}`];
  if (find === undefined) return registration;
  const restricted = (strategy: Strategy): Strategy => ({
    ...strategy,
    validate: (object, context) => [...(strategy.validate?.(object, context) ?? []), ...privileged(find(object))],
    validateUpdate: (object, old, context) => [
      ...(strategy.validateUpdate?.(object, old, context) ?? []),
      ...privileged(find(object)),
    ],
  });
  const { strategy = {}, strategyIn } = registration;
  return {
    ...registration,
    strategy: restricted(strategy),
    ...(strategyIn === undefined
      ? {}
      : { strategyIn: Object.fromEntries(Object.entries(strategyIn).map(([name, each]) => [name, restricted(each)])) }),
  };
}

function privileged([spec, at]: Found): FieldError[] {
  if (spec === undefined) return [];
  const errors: FieldError[] = [];
  let hostProcess = false;
  for (const list of ['containers', 'initContainers', 'ephemeralContainers'] as const)
    for (const [index, { securityContext }] of (spec[list] ?? []).entries()) {
      hostProcess ||=
        securityContext?.windowsOptions?.hostProcess ?? spec.securityContext?.windowsOptions?.hostProcess ?? false;
      if (securityContext?.privileged !== true) continue;
      const here = at.child(list).index(index).child('securityContext', 'privileged');
      errors.push(forbiddenField(here, 'disallowed by cluster policy'));
    }
  if (hostProcess) errors.push(forbiddenField(at, 'hostProcess containers are disallowed by cluster policy'));
  return errors;
}
