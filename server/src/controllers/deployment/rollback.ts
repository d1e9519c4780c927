/** The rollback annotation of the removed apps/v1beta1 API, which apps/v1 still honours. */
import { type EventRecorder, type RestClient, resources } from '@typernetes/openapi/client';
import type { Deployment, ReplicaSet } from '@typernetes/openapi/types/apps/v1';
import { lastRevision, revisionOf, rollbackToAnnotation, rolledBackAnnotations } from './annotations.ts';
import { sameTemplate, templateHashLabel } from './replica-sets.ts';

/** Puts the asked revision's template into the Deployment, and removes the annotation in any case. */
export async function rollBack(
  client: RestClient,
  recorder: EventRecorder,
  deployment: Readonly<Deployment>,
  all: readonly Readonly<ReplicaSet>[],
  signal: AbortSignal,
): Promise<void> {
  const asked = Number.parseInt(deployment.metadata?.annotations?.[rollbackToAnnotation] ?? '', 10);
  const revision = asked === 0 ? lastRevision(all) : asked;
  const target = revision > 0 ? all.find((replicaSet) => revisionOf(replicaSet) === revision) : undefined;
  let rolledBack: Deployment = { ...deployment };
  let announce = (): void => undefined;
  if (!target) {
    const message =
      asked === 0 && revision === 0 ? 'Unable to find last revision.' : 'Unable to find the revision to rollback to.';
    recorder.event(deployment, 'Warning', 'DeploymentRollbackRevisionNotFound', message);
  } else if (sameTemplate(target.spec?.template, deployment.spec?.template)) {
    const message = `The rollback revision contains the same template as current deployment "${deployment.metadata?.name ?? ''}"`;
    recorder.event(deployment, 'Warning', 'DeploymentRollbackTemplateUnchanged', message);
  } else if (deployment.spec) {
    const template = target.spec?.template;
    const { [templateHashLabel]: _, ...labels } = template?.metadata?.labels ?? {};
    rolledBack = {
      ...deployment,
      metadata: { ...deployment.metadata, annotations: rolledBackAnnotations(deployment, target) },
      spec: { ...deployment.spec, template: { ...template, metadata: { ...template?.metadata, labels } } },
    };
    announce = () =>
      recorder.event(
        deployment,
        'Normal',
        'DeploymentRollback',
        `Rolled back deployment "${deployment.metadata?.name ?? ''}" to revision ${revision}`,
      );
  }
  const { [rollbackToAnnotation]: _, ...annotations } = rolledBack.metadata?.annotations ?? {};
  await client
    .resource(resources.deployments)
    .update({ ...rolledBack, metadata: { ...rolledBack.metadata, annotations } }, { signal });
  announce();
}
