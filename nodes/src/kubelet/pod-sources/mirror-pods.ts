/** Static pods as the API shows them: a mirror with the same spec, made and removed by the kubelet. */

import { type RestClient, resources } from '@typernetes/openapi/client';
import { isAlreadyExists, isNotFound } from '@typernetes/openapi/meta';
import type { Node, Pod } from '@typernetes/openapi/types/core/v1';
import { configHashAnnotation, configMirrorAnnotation, identityOf, isStatic } from '../pod/pod.ts';
import type { PodManager } from './pod-manager.ts';

export class MirrorPods {
  readonly #client: RestClient;
  readonly #pods: PodManager;
  readonly #node: () => Node | undefined;

  constructor(client: RestClient, pods: PodManager, node: () => Node | undefined) {
    this.#client = client;
    this.#pods = pods;
    this.#node = node;
  }

  async ensure(pod: Pod): Promise<void> {
    if (!isStatic(pod)) return;
    const hash = pod.metadata?.annotations?.[configHashAnnotation] ?? '';
    const existing = this.#pods.mirrorOf(pod);
    if (existing !== undefined) {
      if (
        existing.metadata?.annotations?.[configMirrorAnnotation] === hash &&
        existing.metadata.deletionTimestamp === undefined
      )
        return;
      await this.remove(existing);
    }
    const node = this.#node();
    if (node?.metadata?.uid === undefined) return;
    const { name, namespace } = identityOf(pod);
    const mirror: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace,
        ...(pod.metadata?.labels === undefined ? {} : { labels: pod.metadata.labels }),
        annotations: { ...pod.metadata?.annotations, [configMirrorAnnotation]: hash },
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Node', name: node.metadata.name ?? '', uid: node.metadata.uid, controller: true },
        ],
      },
      ...(pod.spec === undefined ? {} : { spec: pod.spec }),
    };
    try {
      this.#pods.put(await this.#client.resource(resources.pods).create(namespace, mirror));
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }

  async remove(mirror: Pod): Promise<void> {
    const { name, namespace, uid } = identityOf(mirror);
    try {
      await this.#client
        .resource(resources.pods)
        .delete(namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    this.#pods.remove(mirror);
  }
}
