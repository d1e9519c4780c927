import type { CSIDriver, TokenRequest } from '@typernetes/openapi/types/storage/v1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, boolean, nameColumn, text } from '../../printing/index.ts';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  duplicate,
  immutable,
  invalidValue,
  notSupported,
  optionalOneOf,
  path,
  semanticEqual,
} from '../../validation/index.ts';

const spec = path('spec');
const lifecycleModes = ['Persistent', 'Ephemeral'];

const minUpdatePeriodSeconds = 10;

function validateDriver(driver: CSIDriver): FieldError[] {
  const policies = ['File', 'None', 'ReadWriteOnceWithFSType'];
  const errors = optionalOneOf(spec.child('fsGroupPolicy'), driver.spec?.fsGroupPolicy, policies);
  for (const mode of driver.spec?.volumeLifecycleModes ?? []) {
    if (lifecycleModes.includes(mode)) continue;
    errors.push(notSupported(spec.child('volumeLifecycleModes'), mode, lifecycleModes));
  }
  errors.push(...validateTokenRequests(driver.spec?.tokenRequests ?? [], spec.child('tokenRequests')));
  const seconds = driver.spec?.nodeAllocatableUpdatePeriodSeconds;
  if (seconds != null && seconds < minUpdatePeriodSeconds) {
    const at = spec.child('nodeAllocatableUpdatePeriodSeconds');
    errors.push(invalidValue(at, seconds, `must be greater than or equal to ${minUpdatePeriodSeconds} seconds`));
  }
  const { serviceAccountTokenInSecrets: inSecrets, tokenRequests } = driver.spec ?? {};
  if (inSecrets != null && (tokenRequests ?? []).length === 0) {
    const message = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.push(invalidValue(spec.child('serviceAccountTokenInSecrets'), inSecrets, message));
  }
  return errors;
}

function validateTokenRequests(requests: readonly TokenRequest[], at: Path): FieldError[] {
  const audiences = new Set<string>();
  return requests.flatMap(({ audience, expirationSeconds }, index) => {
    const here = at.index(index);
    if (audiences.has(audience)) return [duplicate(here.child('audience'), audience)];
    audiences.add(audience);
    if (expirationSeconds == null) return [];
    const place = here.child('expirationSeconds');
    if (expirationSeconds < 600)
      return [invalidValue(place, expirationSeconds, 'may not specify a duration less than 10 minutes')];
    if (expirationSeconds > 2 ** 32)
      return [invalidValue(place, expirationSeconds, 'may not specify a duration larger than 2^32 seconds')];
    return [];
  });
}

function tokenWarnings({ spec: given }: CSIDriver): string[] {
  if ((given?.tokenRequests ?? []).length === 0 || given?.serviceAccountTokenInSecrets != null) return [];
  return [
    'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes',
  ];
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
    prepareForCreate(driver) {
      delete driver.spec?.preventPodSchedulingIfMissing; // VolumeLimitScaling
    },
    prepareForUpdate(driver, old) {
      if (old.spec?.preventPodSchedulingIfMissing == null) delete driver.spec?.preventPodSchedulingIfMissing;
      if (semanticEqual(driver.spec, old.spec)) return;
      driver.metadata = { ...driver.metadata, generation: (old.metadata?.generation ?? 0) + 1 };
    },
    validate: validateDriver,
    warningsOnCreate: tokenWarnings,
    warningsOnUpdate: (driver, old) =>
      semanticEqual(driver.spec?.tokenRequests, old.spec?.tokenRequests) ? [] : tokenWarnings(driver),
    validateUpdate: (driver, old) => [
      ...validateDriver(driver),
      // Upstream's name for it in this one message.
      ...immutable(spec.child('attachedRequired'), driver.spec?.attachRequired, old.spec?.attachRequired),
      ...immutable(
        spec.child('volumeLifecycleModes'),
        driver.spec?.volumeLifecycleModes,
        old.spec?.volumeLifecycleModes,
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
