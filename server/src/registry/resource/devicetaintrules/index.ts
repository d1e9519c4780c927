import { formatTime } from '@typernetes/openapi/meta';
import type { Condition } from '@typernetes/openapi/types/meta/v1';
import type { DeviceTaintRule } from '@typernetes/openapi/types/resource/v1beta2';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, since, text } from '../../printing/index.ts';
import { validateDriverName } from '../../storage/driver-name.ts';
import { type FieldError, path, tooMany, validateConditions } from '../../validation/index.ts';
import { validateLabelName, validatePoolName } from '../names.ts';
import { validateTaint } from '../taints.ts';

const maxConditions = 8;

/** Clients may leave out whatever the types promise. */
function validateRule({ spec }: DeviceTaintRule, old: Readonly<DeviceTaintRule> | undefined): FieldError[] {
  const { driver, pool, device } = spec?.deviceSelector ?? {};
  const at = path('spec', 'deviceSelector');
  return [
    ...(driver == null ? [] : validateDriverName(driver, at.child('driver'))),
    ...(pool == null ? [] : validatePoolName(pool, at.child('pool'))),
    ...(device == null ? [] : validateLabelName(device, at.child('device'))),
    ...validateTaint(spec?.taint ?? {}, path('spec', 'taint'), old?.spec?.taint),
  ];
}

function validateRuleStatus(conditions: readonly Condition[]): FieldError[] {
  const at = path('status', 'conditions');
  return [
    ...validateConditions(conditions, at),
    ...(conditions.length > maxConditions ? [tooMany(at, conditions.length, maxConditions)] : []),
  ];
}

export const devicetaintrules: ResourceRegistration<DeviceTaintRule> = {
  resource: { group: 'resource.k8s.io', resource: 'devicetaintrules' },
  strategy: {
    default(rule) {
      if (rule.spec?.taint) rule.spec.taint.timeAdded ??= formatTime(new Date());
    },
    prepareForCreate(rule) {
      rule.status = {};
    },
    statusKeepsMetadata: true,
    prepareForUpdate(rule, old, { now }) {
      rule.status = structuredClone(old.status ?? {});
      // The time is when the effect began, unless the client says otherwise.
      const taint = rule.spec?.taint;
      const before = old.spec?.taint;
      if (taint && taint.effect !== before?.effect && taint.timeAdded === before?.timeAdded)
        taint.timeAdded = formatTime(now);
    },
    validate: (rule) => validateRule(rule, undefined),
    validateUpdate: validateRule,
    validateStatusUpdate: ({ status }) => validateRuleStatus(status?.conditions ?? []),
  },
  table: {
    columns: [nameColumn, text('Key'), text('Value'), text('Effect'), text('TimeAdded'), ageColumn],
    cells(rule, now) {
      const { key, value = '', effect, timeAdded } = rule.spec?.taint ?? {};
      return [
        rule.metadata?.name ?? '',
        key ?? '',
        value,
        effect ?? '',
        timeAdded ? since(timeAdded, now) : '',
        age(rule, now),
      ];
    },
  },
};
