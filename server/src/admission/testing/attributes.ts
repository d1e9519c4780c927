import type { KubernetesObject } from '@typernetes/openapi/meta';
import type { UserInfo } from '../../authentication/authenticator.ts';
import { type AdmissionAttributes, type AdmissionPlugin, Reinvocation } from '../admission.ts';
import { runMutating, runValidating } from '../chain.ts';

const kinds: Record<string, string> = {
  pods: 'Pod',
  nodes: 'Node',
  namespaces: 'Namespace',
  persistentvolumeclaims: 'PersistentVolumeClaim',
  services: 'Service',
  events: 'Event',
};

export interface Request {
  /** `create pods`, `update pods/status`, `delete namespaces`. */
  line: string;
  object?: object;
  oldObject?: object;
  user?: UserInfo;
  namespace?: string;
  name?: string;
  dryRun?: boolean;
  /** Where annotations are told; needed only by who looks at those of refusals. */
  annotations?: Record<string, string>;
}

export interface Outcome {
  object: KubernetesObject | undefined;
  warnings: string[];
  annotations: Record<string, string>;
}

/** Runs both phases over a copy of the object. */
export async function admit(plugins: readonly AdmissionPlugin[], request: Request): Promise<Outcome> {
  const [verb = '', what = ''] = request.line.split(' ');
  const [full = '', subresource = ''] = what.split('/');
  const [resource = '', ...group] = full.split('.');
  const warnings: string[] = [];
  const { annotations = {} } = request;
  const object = structuredClone(request.object) as KubernetesObject | undefined;
  const attributes: AdmissionAttributes = {
    operation: verb.toUpperCase() as AdmissionAttributes['operation'],
    kind: { group: group.join('.'), version: 'v1', kind: kinds[resource] ?? '' },
    resource: { group: group.join('.'), version: 'v1', resource },
    subresource,
    namespace: request.namespace ?? 'ns',
    name: request.name ?? object?.metadata?.name ?? '',
    object,
    oldObject: request.oldObject as KubernetesObject | undefined,
    options: {},
    dryRun: request.dryRun ?? false,
    user: request.user ?? { name: 'jane', groups: ['system:authenticated'] },
    signal: new AbortController().signal,
    reinvocation: new Reinvocation(),
    warn: (message) => void warnings.push(message),
    annotate: (key, value) => void (annotations[key] = value),
  };
  await runMutating(plugins, attributes);
  await runValidating(plugins, attributes);
  return { object: attributes.object, warnings, annotations };
}
