/** Where logs lie: BASE/<namespace>_<name>_<uid>/<container>/<restart count>.log. */
import { join } from 'node:path';
import type { PodIdentity } from '../pod/pod.ts';

export const podLogDirectory = (base: string, { namespace, name, uid }: PodIdentity): string =>
  join(base, `${namespace}_${name}_${uid}`);

/** Relative to the pod's directory, as CRI wants it. */
export const containerLogPath = (container: string, restartCount: number): string =>
  join(container, `${restartCount}.log`);

/** The uid in the name of a pod's log directory. */
export const uidOfLogDirectory = (name: string): string | undefined => name.split('_')[2];
