import type { Volume } from '@typernetes/openapi/types/core/v1';

/** What rules about one container need to know of its pod. */
export interface ContainerScope {
  volumes: ReadonlyMap<string, Volume>;
  claims: ReadonlySet<string>;
  gracePeriodSeconds: number | undefined;
  restartPolicy: string | undefined;
  /** The pod runs in the host's user namespace. */
  hostUsers: boolean;
}
