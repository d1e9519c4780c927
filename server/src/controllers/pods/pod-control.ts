/** Creates and deletes pods on behalf of a controller, with the events that tell of it. */
import { type EventRecorder, type RestClient, resources } from '@typernetes/openapi/client';
import { isNotFound, type KubernetesObject, type OwnerReference, statusCause } from '@typernetes/openapi/meta';
import type { Pod, PodTemplateSpec } from '@typernetes/openapi/types/core/v1';

export class PodControl {
  readonly #client: RestClient;
  readonly #recorder: EventRecorder;

  constructor(client: RestClient, recorder: EventRecorder) {
    this.#client = client;
    this.#recorder = recorder;
  }

  /** A pod from the template, named after the owner unless a prefix is given. */
  async create(
    template: Readonly<PodTemplateSpec>,
    owner: Readonly<KubernetesObject>,
    reference: OwnerReference,
    signal: AbortSignal,
    generateName?: string,
  ): Promise<void> {
    const { namespace, name = '' } = owner.metadata ?? {};
    const { labels, annotations, finalizers } = template.metadata ?? {};
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        generateName: generateName ?? generateNamePrefix(name),
        ...(namespace ? { namespace } : {}),
        ...(labels ? { labels } : {}),
        ...(annotations ? { annotations } : {}),
        ...(finalizers ? { finalizers } : {}),
        ownerReferences: [reference],
      },
      ...(template.spec ? { spec: template.spec } : {}),
    };
    try {
      const created = await this.#client.resource(resources.pods).create(namespace, pod, { signal });
      this.#recorder.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata?.name ?? ''}`);
    } catch (error) {
      if (!signal.aborted && !isNamespaceTerminating(error)) {
        this.#recorder.event(owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
      }
      throw error;
    }
  }

  async delete(pod: Readonly<Pod>, owner: Readonly<KubernetesObject>, signal: AbortSignal): Promise<void> {
    const { namespace, name = '' } = pod.metadata ?? {};
    try {
      await this.#client.resource(resources.pods).delete(namespace, name, { signal });
      this.#recorder.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
    } catch (error) {
      if (!isNotFound(error) && !signal.aborted) {
        this.#recorder.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
      }
      throw error;
    }
  }
}

/** Nothing can be created in a namespace that is being deleted: not worth an event, nor another try. */
export function isNamespaceTerminating(error: unknown): boolean {
  return statusCause(error, 'NamespaceTerminating') !== undefined;
}

/** `<name>-`, unless that is no valid prefix of a pod's name. */
function generateNamePrefix(name: string): string {
  return name.length <= 252 ? `${name}-` : name;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
