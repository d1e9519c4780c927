/**
 * Which node needs which object, from the pods bound to it and the volumes behind their claims. Every pair of object
 * and node is counted, so that a lookup is one step however many pods share an object.
 */
import type { PersistentVolume, Pod } from '@typernetes/openapi/types/core/v1';
import type { ResourceSlice } from '@typernetes/openapi/types/resource/v1';
import type { VolumeAttachment } from '@typernetes/openapi/types/storage/v1';
import { type ChangeType, type Follower, follow, type ObjectSource } from '../object-source.ts';
import { podReferences, volumeSecrets } from './pod-references.ts';

export type GraphKind =
  | 'pod'
  | 'secret'
  | 'configMap'
  | 'persistentVolumeClaim'
  | 'persistentVolume'
  | 'resourceClaim'
  | 'serviceAccount'
  | 'volumeAttachment'
  | 'resourceSlice';

const mirrorPodAnnotation = 'kubernetes.io/config.mirror';

export class NodeGraph {
  /** Object → node → how many owners relate the two. */
  readonly #nodes = new Map<string, Map<string, number>>();
  /** Owner (pod, attachment, slice) → the node it is on and the objects it relates to that node. */
  readonly #owners = new Map<string, { node: string; objects: string[] }>();
  readonly #volumeClaims = new Map<string, { claim: string; secrets: string[] }>();
  /** Secret → the volumes mounted with it. */
  readonly #secretVolumes = new Map<string, Set<string>>();

  static follow(source: ObjectSource): { graph: NodeGraph } & Follower {
    const graph = new NodeGraph();
    const followers = [
      follow<Pod>(source, { group: '', resource: 'pods' }, (type, pod) => graph.pod(type, pod)),
      follow<PersistentVolume>(source, { group: '', resource: 'persistentvolumes' }, (type, volume) =>
        graph.volume(type, volume),
      ),
      follow<VolumeAttachment>(source, { group: 'storage.k8s.io', resource: 'volumeattachments' }, (type, attachment) =>
        graph.#own(
          keyOf('volumeAttachment', '', attachment.metadata?.name),
          type === 'put' ? attachment.spec?.nodeName : undefined,
          [],
        ),
      ),
      follow<ResourceSlice>(source, { group: 'resource.k8s.io', resource: 'resourceslices' }, (type, slice) =>
        graph.#own(
          keyOf('resourceSlice', '', slice.metadata?.name),
          type === 'put' ? slice.spec?.nodeName : undefined,
          [],
        ),
      ),
    ];
    const ready = Promise.all(followers.map((follower) => follower.ready)).then(() => undefined);
    return { graph, ready, stop: () => followers.forEach((follower) => follower.stop()) };
  }

  pod(type: ChangeType, pod: Readonly<Pod>): void {
    const namespace = pod.metadata?.namespace ?? '';
    const owner = keyOf('pod', namespace, pod.metadata?.name);
    const node = pod.spec?.nodeName;
    if (type === 'delete' || !node) {
      this.#own(owner, undefined, []);
      return;
    }
    // A node writes its own mirror pods: they must never widen what it may read.
    if (pod.metadata?.annotations?.[mirrorPodAnnotation] !== undefined) {
      this.#own(owner, node, []);
      return;
    }
    const references = podReferences(pod);
    const keys = (kind: GraphKind, names: Iterable<string>): string[] =>
      [...names].map((name) => keyOf(kind, namespace, name));
    this.#own(owner, node, [
      ...keys('secret', references.secrets),
      ...keys('configMap', references.configMaps),
      ...keys('persistentVolumeClaim', references.claims),
      ...keys('resourceClaim', references.resourceClaims),
      ...keys('serviceAccount', references.serviceAccount === undefined ? [] : [references.serviceAccount]),
    ]);
  }

  volume(type: ChangeType, volume: Readonly<PersistentVolume>): void {
    const name = volume.metadata?.name ?? '';
    for (const secret of this.#volumeClaims.get(name)?.secrets ?? []) {
      const volumes = this.#secretVolumes.get(secret);
      volumes?.delete(name);
      if (volumes?.size === 0) this.#secretVolumes.delete(secret);
    }
    this.#volumeClaims.delete(name);
    const claim = volume.spec?.claimRef;
    if (type === 'delete' || !claim) return;
    const secrets = volumeSecrets(volume).map((secret) => `secret/${secret}`);
    this.#volumeClaims.set(name, { claim: keyOf('persistentVolumeClaim', claim.namespace ?? '', claim.name), secrets });
    for (const secret of secrets) {
      const volumes = this.#secretVolumes.get(secret) ?? new Set();
      this.#secretVolumes.set(secret, volumes.add(name));
    }
  }

  isRelated(node: string, kind: GraphKind, namespace: string, name: string): boolean {
    if (kind === 'persistentVolume') return this.#volumeIsOn(name, node);
    const key = keyOf(kind, namespace, name);
    if (this.#nodes.get(key)?.has(node)) return true;
    return (
      kind === 'secret' && [...(this.#secretVolumes.get(key) ?? [])].some((volume) => this.#volumeIsOn(volume, node))
    );
  }

  #volumeIsOn(volume: string, node: string): boolean {
    const claim = this.#volumeClaims.get(volume)?.claim;
    return claim !== undefined && (this.#nodes.get(claim)?.has(node) ?? false);
  }

  /** Replaces what `owner` relates; without a node it relates nothing. */
  #own(owner: string, node: string | undefined, objects: readonly string[]): void {
    const before = this.#owners.get(owner);
    for (const object of before?.objects ?? []) this.#count(object, before?.node ?? '', -1);
    this.#owners.delete(owner);
    if (!node) return;
    const all = [owner, ...objects];
    for (const object of all) this.#count(object, node, 1);
    this.#owners.set(owner, { node, objects: all });
  }

  #count(object: string, node: string, change: number): void {
    const nodes = this.#nodes.get(object) ?? new Map<string, number>();
    const count = (nodes.get(node) ?? 0) + change;
    if (count > 0) nodes.set(node, count);
    else nodes.delete(node);
    if (nodes.size > 0) this.#nodes.set(object, nodes);
    else this.#nodes.delete(object);
  }
}

function keyOf(kind: GraphKind, namespace: string, name: string | undefined): string {
  return `${kind}/${namespace}/${name ?? ''}`;
}
