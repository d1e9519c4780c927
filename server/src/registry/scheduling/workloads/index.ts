import type { Workload } from '@typernetes/openapi/types/scheduling/v1alpha2';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn } from '../../printing/index.ts';

export const workloads: ResourceRegistration<Workload> = {
  resource: { group: 'scheduling.k8s.io', resource: 'workloads' },
  strategy: { hasGeneration: false },
  table: {
    columns: [nameColumn, ageColumn],
    cells: (workload, now) => [workload.metadata?.name ?? '', age(workload, now)],
  },
};
