import { isNotFound } from '@typernetes/openapi/meta';
import type { Service } from '@typernetes/openapi/types/core/v1';
import type { RegistryDependencies } from '../../dependencies.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { ServiceAllocation } from './allocation.ts';
import { serviceStrategy } from './strategy.ts';
import { serviceTable } from './table.ts';

export { memoryRanges, type RangeRegistry, storageRanges } from './ranges.ts';
export { ServiceAllocationRepair } from './repair.ts';

const ENDPOINTS = { group: '', resource: 'endpoints' };

export function services(dependencies: RegistryDependencies): ResourceRegistration<Service> {
  const allocation = new ServiceAllocation(dependencies);
  return {
    resource: { group: '', resource: 'services' },
    storagePrefix: 'services/specs',
    strategy: serviceStrategy,
    selectableFields: {
      'spec.clusterIP': (service) => service.spec?.clusterIP ?? '',
      'spec.type': (service) => service.spec?.type ?? '',
    },
    table: serviceTable,
    beginCreate: (service, context) => allocation.beginCreate(service, context),
    beginUpdate: async (service, old, context) =>
      // A write of the status changes no address.
      context.asked.subresource === 'status' || JSON.stringify(service.spec) === JSON.stringify(old.spec)
        ? undefined
        : allocation.beginUpdate(service, old, context),
    async afterDelete(service, context) {
      try {
        await context.registry.delete(ENDPOINTS, service.metadata?.namespace ?? '', service.metadata?.name ?? '');
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      await allocation.release(service);
    },
  };
}
