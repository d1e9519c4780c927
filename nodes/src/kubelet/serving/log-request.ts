/** /containerLogs: whose log is asked for, and which part of it. */
import type { ContainerStatus, PodStatus } from '@typernetes/openapi/types/core/v1';
import { HttpError } from './http-error.ts';

export interface LogOptions {
  follow: boolean;
  previous: boolean;
  timestamps: boolean;
  tailLines?: number;
  limitBytes?: number;
  sinceMs?: number;
  stream?: 'stdout' | 'stderr';
}

function number(query: URLSearchParams, name: string, minimum: number): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < minimum) throw new HttpError(422, `invalid ${name}: ${text}`);
  return value;
}

/** A flag is on when it is named without a value, or with a true one. */
const flag = (query: URLSearchParams, name: string): boolean =>
  query.has(name) && !['false', '0', 'f', 'F'].includes(query.get(name) ?? '');

export function parseLogOptions(query: URLSearchParams, now: number): LogOptions {
  const tail = query.get('tailLines') === 'all' ? undefined : number(query, 'tailLines', 0);
  const limit = number(query, 'limitBytes', 1);
  const seconds = number(query, 'sinceSeconds', 1);
  const since = query.get('sinceTime');
  const sinceMs = seconds !== undefined ? now - seconds * 1000 : since === null ? undefined : Date.parse(since);
  if (Number.isNaN(sinceMs)) throw new HttpError(400, `unable to decode query: sinceTime ${since}`);
  const stream = query.get('stream') ?? 'All';
  if (!['All', 'Stdout', 'Stderr'].includes(stream)) throw new HttpError(422, `invalid stream: ${stream}`);
  return {
    follow: flag(query, 'follow'),
    previous: flag(query, 'previous'),
    timestamps: flag(query, 'timestamps'),
    ...(tail === undefined ? {} : { tailLines: tail }),
    ...(limit === undefined ? {} : { limitBytes: limit }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(stream === 'All' ? {} : { stream: stream === 'Stdout' ? ('stdout' as const) : ('stderr' as const) }),
  };
}

const waitingTexts: Record<string, string> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
};

/** The container ID whose log is meant; a 400 with upstream's words where there is none. */
export function loggedContainer(pod: string, status: PodStatus, container: string, previous: boolean): string {
  const all: ContainerStatus[] = [
    ...(status.containerStatuses ?? []),
    ...(status.initContainerStatuses ?? []),
    ...(status.ephemeralContainerStatuses ?? []),
  ];
  const found = all.find(({ name }) => name === container);
  const where = `container "${container}" in pod "${pod}"`;
  if (found === undefined) throw new HttpError(400, `${where} is not available`);
  const last = found.lastState?.terminated?.containerID;
  const { running, terminated, waiting } = found.state ?? {};
  if (previous) {
    if (!last) throw new HttpError(400, `previous terminated ${where} not found`);
    return last;
  }
  if (running !== undefined) return found.containerID ?? '';
  if (terminated !== undefined || found.lastState?.terminated !== undefined) {
    const id = terminated?.containerID || last;
    if (!id) throw new HttpError(400, `${where} is terminated`);
    return id;
  }
  if (waiting === undefined) throw new HttpError(400, `${where} is waiting to start - no logs yet`);
  throw new HttpError(
    400,
    `${where} is waiting to start: ${waitingTexts[waiting.reason ?? ''] ?? waiting.reason ?? ''}`,
  );
}
