/** What a plugin says of a pod (on a node). Undefined stands for success. */
export type StatusCode =
  /** Not now, but other pods leaving could change that. */
  | 'unschedulable'
  /** Not now, and removing pods would not help. */
  | 'unschedulableAndUnresolvable'
  /** The plugin failed. */
  | 'error';

export interface Status {
  readonly code: StatusCode;
  readonly plugin: string;
  readonly reasons: readonly string[];
}

export function unschedulable(plugin: string, ...reasons: string[]): Status {
  return { code: 'unschedulable', plugin, reasons };
}

export function unresolvable(plugin: string, ...reasons: string[]): Status {
  return { code: 'unschedulableAndUnresolvable', plugin, reasons };
}
