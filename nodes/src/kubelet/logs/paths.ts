/** Where logs lie: BASE/<namespace>_<name>_<uid>/<container>/<restart count>.log. */
import type { PodIdentity } from '../pod/pod.ts';

export const podLogDirectory = (base: string, { namespace, name, uid }: PodIdentity): string =>
  `${base}/${namespace}_${name}_${uid}`;

/** Relative to the pod's directory, as CRI wants it. */
export const containerLogPath = (container: string, restartCount: number): string => `${container}/${restartCount}.log`;

/** The uid in the name of a pod's log directory. */
export const uidOfLogDirectory = (name: string): string | undefined => name.split('_')[2];
