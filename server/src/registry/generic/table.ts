import type { JsonValue, KubernetesObject } from '@typernetes/openapi/meta';

/** One column of a Table as upstream's printers define it. priority 0 shows always, 1 with -o wide. */
export interface TableColumn {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  description?: string;
  priority?: number;
}

export interface TableDefinition<T extends KubernetesObject = KubernetesObject> {
  columns: readonly TableColumn[];
  /** One cell per column. `now` is for ages only, by `since` or `ago`: cells are kept for any time. */
  cells(object: T, now: Date): JsonValue[];
  /** The order of a list's rows, where it is not that of the names. */
  order?(a: Readonly<T>, b: Readonly<T>): number;
}
