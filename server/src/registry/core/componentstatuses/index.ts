import type { ComponentStatus } from '@typernetes/openapi/types/core/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { nameColumn, text } from '../../printing/index.ts';

/** The health of the parts of the control plane, asked for when someone looks; nothing is stored. */
export async function listComponentStatuses(dependencies: RegistryDependencies): Promise<ComponentStatus[]> {
  const components = await dependencies.componentStatus();
  return components.map(({ name, healthy, message, error }) => ({
    apiVersion: 'v1',
    kind: 'ComponentStatus',
    metadata: { name },
    conditions: [
      {
        type: 'Healthy',
        status: healthy ? 'True' : 'False',
        ...(message === '' ? {} : { message }),
        ...(error === '' ? {} : { error }),
      },
    ],
  }));
}

export const componentstatuses: ResourceRegistration<ComponentStatus> = {
  resource: { group: '', resource: 'componentstatuses' },
  missingName: 'componentstatus',
  table: {
    columns: [nameColumn, text('Status'), text('Message'), text('Error')],
    cells(component) {
      const health = (component.conditions ?? []).find((condition) => condition.type === 'Healthy');
      const status = health ? (health.status === 'True' ? 'Healthy' : 'Unhealthy') : 'Unknown';
      return [component.metadata?.name ?? '', status, health?.message ?? '', health?.error ?? ''];
    },
  },
};
