import { fieldErrorMessage, path } from '@typernetes/openapi/meta';
import type { Toleration } from '@typernetes/openapi/types/core/v1';
import { type ConfigKind, decodeConfig, list, string, struct } from '../../apiserver/structured/config-file.ts';
import { validateTolerations } from '../../registry/core/pod/validate-scheduling.ts';

export interface TolerationRestriction {
  /** Of pods in namespaces that say nothing. */
  default?: Toleration[];
  /** None: all are allowed. */
  whitelist?: Toleration[];
}

const tolerations = list(
  struct({
    key: string,
    operator: string,
    value: string,
    effect: string,
    tolerationSeconds: { type: 'integer', format: 'int64' },
  }),
);
const kind: ConfigKind = {
  group: 'podtolerationrestriction.admission.k8s.io',
  kind: 'Configuration',
  versions: ['v1alpha1'],
  schema: struct({ default: tolerations, whitelist: tolerations }),
};

/** Throws on what is no valid configuration. */
export function readTolerationRestriction(text: string | undefined): TolerationRestriction {
  if (text === undefined) return {};
  const configuration = decodeConfig<TolerationRestriction>(text, kind, { strict: false });
  const at = path('podtolerationrestriction');
  const errors = [
    ...validateTolerations(configuration.default, at.child('default')),
    ...validateTolerations(configuration.whitelist, at.child('whitelist')),
  ];
  if (errors.length > 0) throw new Error(`invalid config: [${errors.map(fieldErrorMessage).join(' ')}]`);
  return configuration;
}
