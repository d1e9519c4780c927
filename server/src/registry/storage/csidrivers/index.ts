import type { CSIDriver } from '@typernetes/openapi/types/storage/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, boolean, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import { immutable, notSupported, optionalOneOf, path, semanticEqual } from '../../validation/index.ts';

const spec = path('spec');

function validateDriver(driver: CSIDriver): FieldError[] {
  const policies = ['File', 'None', 'ReadWriteOnceWithFSType'];
  const errors = optionalOneOf(spec.child('fsGroupPolicy'), driver.spec?.fsGroupPolicy, policies);
  for (const mode of driver.spec?.volumeLifecycleModes ?? []) {
    if (['Ephemeral', 'Persistent'].includes(mode)) continue;
    errors.push(notSupported(spec.child('volumeLifecycleModes'), mode, ['Ephemeral', 'Persistent']));
  }
  return errors;
}

export const csidrivers: ResourceRegistration<CSIDriver> = {
  resource: { group: 'storage.k8s.io', resource: 'csidrivers' },
  strategy: {
    allowUnconditionalUpdate: false,
    // Upstream counts changes but gives a new driver no generation.
    hasGeneration: false,
    default(driver) {
      const given = driver.spec;
      if (!given) return;
      given.attachRequired ??= true;
      given.podInfoOnMount ??= false;
      given.storageCapacity ??= false;
      given.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
      if ((given.volumeLifecycleModes ?? []).length === 0) given.volumeLifecycleModes = ['Persistent'];
      given.requiresRepublish ??= false;
      given.seLinuxMount ??= false;
    },
    prepareForUpdate(driver, old) {
      if (semanticEqual(driver.spec, old.spec)) return;
      driver.metadata = { ...driver.metadata, generation: (old.metadata?.generation ?? 0) + 1 };
    },
    validate: validateDriver,
    validateUpdate: (driver, old) => [
      ...validateDriver(driver),
      ...(['attachRequired', 'volumeLifecycleModes'] as const).flatMap((field) =>
        immutable(spec.child(field), driver.spec?.[field], old.spec?.[field]),
      ),
    ],
  },
  table: {
    columns: [
      nameColumn,
      boolean('AttachRequired'),
      boolean('PodInfoOnMount'),
      boolean('StorageCapacity'),
      text('TokenRequests'),
      boolean('RequiresRepublish'),
      text('Modes'),
      ageColumn,
    ],
    cells: (driver, now) => [
      driver.metadata?.name ?? '',
      driver.spec?.attachRequired ?? true,
      driver.spec?.podInfoOnMount ?? false,
      driver.spec?.storageCapacity ?? false,
      driver.spec?.tokenRequests?.map(({ audience }) => audience).join(',') ?? '<unset>',
      driver.spec?.requiresRepublish ?? false,
      (driver.spec?.volumeLifecycleModes ?? []).join(',') || '<none>',
      age(driver, now),
    ],
  },
};
