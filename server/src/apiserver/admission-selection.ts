/** Which admission plugins run, and what they are configured with. */
import { type AdmissionSelection, readAdmissionConfiguration } from '../admission/index.ts';
import type { ApiserverOptions } from './config.ts';

/** Throws where the file of their configuration cannot be used. */
export function admissionSelection(options: ApiserverOptions): AdmissionSelection {
  const {
    enableAdmissionPlugins: enable,
    disableAdmissionPlugins: disable,
    admissionControlConfigFile: file,
  } = options;
  return { enable, disable, ...(file === undefined ? {} : { configurations: readAdmissionConfiguration(file) }) };
}
