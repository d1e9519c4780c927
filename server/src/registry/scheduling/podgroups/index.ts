import type { PodGroup } from '@typernetes/openapi/types/scheduling/v1alpha2';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, text } from '../../printing/index.ts';

function statusText(group: PodGroup): string {
  const conditions = new Map((group.status?.conditions ?? []).map((condition) => [condition.type, condition]));
  const disrupted = conditions.get('DisruptionTarget');
  if (disrupted) return disrupted.reason ?? '';
  const scheduled = conditions.get('PodGroupScheduled');
  if (!scheduled) return 'Pending';
  return scheduled.status === 'True' ? 'Scheduled' : 'Unschedulable';
}

export const podgroups: ResourceRegistration<PodGroup> = {
  resource: { group: 'scheduling.k8s.io', resource: 'podgroups' },
  strategy: {
    hasGeneration: false,
    statusKeepsMetadata: true,
    prepareForCreate(group) {
      group.status = {};
    },
    prepareForUpdate(group, old) {
      group.status = structuredClone(old.status ?? {});
    },
  },
  table: {
    columns: [nameColumn, text('Policy'), text('Workload'), text('Status'), ageColumn],
    cells: (group, now) => [
      group.metadata?.name ?? '',
      group.spec?.schedulingPolicy?.gang ? 'Gang' : 'Basic',
      group.spec?.podGroupTemplateRef?.workload?.workloadName ?? '<none>',
      statusText(group),
      age(group, now),
    ],
  },
};
