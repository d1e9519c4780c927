/** The options object of a stream (PodExecOptions …), which admission is told of, from the request's query. */
import type { KubernetesObject } from '@typernetes/openapi/meta';
import { isTrueParameter } from '../request-info.ts';

const booleans = ['stdin', 'stdout', 'stderr', 'tty'] as const;

/** Fields that are false or empty are left out. `path` is what follows the subresource, for proxies. */
export function connectOptions(kind: string, query: URLSearchParams, path: string): KubernetesObject {
  const options: Record<string, unknown> = { kind, apiVersion: 'v1' };
  switch (kind) {
    case 'PodExecOptions':
    case 'PodAttachOptions': {
      for (const name of booleans) if (isTrueParameter(query.get(name))) options[name] = true;
      const container = query.get('container') ?? '';
      if (container !== '') options.container = container;
      // The Go type writes it even when it is not there.
      if (kind === 'PodExecOptions') options.command = query.has('command') ? query.getAll('command') : null;
      break;
    }
    case 'PodPortForwardOptions': {
      const ports = query.getAll('ports').map(Number);
      if (ports.length > 0) options.ports = ports;
      break;
    }
    default:
      if (path !== '') options.path = path;
  }
  return options;
}
