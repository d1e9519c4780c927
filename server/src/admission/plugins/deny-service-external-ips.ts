import type { Service } from '@typernetes/openapi/types/core/v1';
import type { AdmissionPlugin } from '../admission.ts';
import { refuse } from '../refusal.ts';

/** Off by default: no Service takes on new external addresses. */
export function denyServiceExternalIPs(): AdmissionPlugin {
  return {
    name: 'DenyServiceExternalIPs',
    resources: ['services'],
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    async validate(attributes) {
      const old = new Set((attributes.oldObject as Service | undefined)?.spec?.externalIPs ?? []);
      const added = ((attributes.object as Service).spec?.externalIPs ?? []).some((address) => !old.has(address));
      if (added) throw refuse(attributes, 'Use of external IPs is denied by admission control');
    },
  };
}
