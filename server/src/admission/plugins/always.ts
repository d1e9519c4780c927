/** Deprecated bookends of upstream's list. */
import type { AdmissionPlugin } from '../admission.ts';
import { refuse } from '../refusal.ts';

export function alwaysAdmit(): AdmissionPlugin {
  return { name: 'AlwaysAdmit', handles: () => true };
}

export function alwaysDeny(): AdmissionPlugin {
  return {
    name: 'AlwaysDeny',
    handles: () => true,
    async validate(attributes) {
      throw refuse(attributes, 'admission control is denying all modifications');
    },
  };
}
