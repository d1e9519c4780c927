import { formatTime } from '@typernetes/openapi/meta';
import type { DeviceTaintRule } from '@typernetes/openapi/types/resource/v1beta2';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, nameColumn, since, text } from '../../printing/index.ts';

export const devicetaintrules: ResourceRegistration<DeviceTaintRule> = {
  resource: { group: 'resource.k8s.io', resource: 'devicetaintrules' },
  strategy: {
    prepareForCreate(rule, { now }) {
      if (rule.spec?.taint) rule.spec.taint.timeAdded ??= formatTime(now);
      rule.status = {};
    },
    prepareForUpdate(rule, old) {
      rule.status = structuredClone(old.status ?? {});
    },
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
