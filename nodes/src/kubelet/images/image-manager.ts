/** Makes sure that a container's image is there: pull policy, back-off, credentials, the reasons that kubectl shows. */

import type { Clock } from '@typernetes/openapi/client';
import type { Container, Pod, Secret } from '@typernetes/openapi/types/core/v1';
import type { Image, ImageService, Input, PodSandboxConfig } from 'cri-client';
import { KeyedBackOff } from '../kuberuntime/back-off.ts';
import { ContainerStartError } from '../kuberuntime/container-start-error.ts';
import type { PodEvents } from '../kuberuntime/pod-events.ts';
import { identityOf } from '../pod/pod.ts';
import { credentialsFor } from './credentials.ts';

export interface PulledImage {
  ref: string;
  image: Image;
}

const milliseconds = (value: number): string =>
  value < 1000 ? `${Math.round(value)}ms` : `${(value / 1000).toFixed(3).replace(/\.?0+$/, '')}s`;

/** Always for `latest`, IfNotPresent for the rest; the API server has defaulted this for what it stores. */
function pullPolicy(container: Container): 'Always' | 'IfNotPresent' | 'Never' {
  const { imagePullPolicy, image = '' } = container;
  if (imagePullPolicy === 'Always' || imagePullPolicy === 'Never' || imagePullPolicy === 'IfNotPresent')
    return imagePullPolicy;
  const last = image.slice(image.lastIndexOf('/') + 1);
  return !last.includes('@') && (!last.includes(':') || last.endsWith(':latest')) ? 'Always' : 'IfNotPresent';
}

function withDefaultTag(image: string): string {
  if (image === '' || /[\sA-Z]/.test(image.split(/[:@]/, 1)[0] ?? '')) {
    throw new ContainerStartError(
      'InvalidImageName',
      `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
    );
  }
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? image : `${image}:latest`;
}

export class ImageManager {
  readonly #images: ImageService;
  readonly #clock: Clock;
  readonly #events: PodEvents;
  readonly #backOff = new KeyedBackOff(10_000, 300_000);
  readonly #lastErrors = new Map<string, string>();
  readonly #pulling = new Map<string, Promise<string>>();

  constructor(images: ImageService, clock: Clock, events: PodEvents) {
    this.#images = images;
    this.#clock = clock;
    this.#events = events;
  }

  async #find(image: string): Promise<Image | undefined> {
    return (await this.#images.imageStatus({ image: { image } })).image;
  }

  /** How long until the next pull may be tried. */
  retryAfter(pod: Pod, container: Container): number {
    return this.#backOff.delay(`${identityOf(pod).uid}_${container.image}`);
  }

  async ensureImage(
    pod: Pod,
    container: Container,
    secrets: readonly Secret[],
    sandbox: Input<PodSandboxConfig>,
    signal: AbortSignal,
  ): Promise<PulledImage> {
    const requested = container.image ?? '';
    const name = withDefaultTag(requested);
    const policy = pullPolicy(container);
    if (policy !== 'Always') {
      const present = await this.#find(name).catch((error: unknown) => {
        const message = `Failed to inspect image "${requested}": ${error instanceof Error ? error.message : String(error)}`;
        this.#events.record(pod, container, 'Warning', 'InspectFailed', message);
        throw new ContainerStartError('ImageInspectError', message);
      });
      if (present !== undefined) {
        this.#events.record(
          pod,
          container,
          'Normal',
          'Pulled',
          `Container image "${requested}" already present on machine and can be accessed by the pod`,
        );
        return { ref: present.id, image: present };
      }
      if (policy === 'Never') {
        const message = `Container image "${requested}" is not present with pull policy of Never`;
        this.#events.record(pod, container, 'Warning', 'ErrImageNeverPull', message);
        throw new ContainerStartError('ErrImageNeverPull', message);
      }
    }
    return this.#pull(pod, container, name, secrets, sandbox, signal);
  }

  async #pull(
    pod: Pod,
    container: Container,
    name: string,
    secrets: readonly Secret[],
    sandbox: Input<PodSandboxConfig>,
    signal: AbortSignal,
  ): Promise<PulledImage> {
    const requested = container.image ?? '';
    const key = `${identityOf(pod).uid}_${requested}`;
    const started = this.#clock.now();
    if (this.#backOff.inBackOffSinceUpdate(key, started)) {
      const message = `Back-off pulling image "${requested}"`;
      this.#events.record(pod, container, 'Normal', 'BackOff', message);
      const last = this.#lastErrors.get(key);
      throw new ContainerStartError(
        'ImagePullBackOff',
        last === undefined ? message : `${message}: ${last}`,
        this.#backOff.delay(key),
      );
    }
    this.#lastErrors.delete(key);
    this.#events.record(pod, container, 'Normal', 'Pulling', `Pulling image "${requested}"`);
    try {
      const ref = await this.#pullOnce(name, secrets, sandbox, signal);
      const image = (await this.#find(ref)) ?? (await this.#find(name));
      if (image === undefined) throw new Error(`image ${ref} is gone after it was pulled`);
      const took = milliseconds(this.#clock.now() - started);
      this.#events.record(
        pod,
        container,
        'Normal',
        'Pulled',
        `Successfully pulled image "${requested}" in ${took} (${took} including waiting). Image size: ${image.size} bytes.`,
      );
      this.#backOff.collect(this.#clock.now());
      return { ref: image.id, image };
    } catch (error) {
      signal.throwIfAborted();
      const message = error instanceof Error ? error.message : String(error);
      this.#events.record(pod, container, 'Warning', 'Failed', `Failed to pull image "${requested}": ${message}`);
      const now = this.#clock.now();
      this.#backOff.next(key, now, now);
      this.#lastErrors.set(key, `ErrImagePull: ${message}`);
      throw new ContainerStartError('ErrImagePull', message, 0);
    }
  }

  /** Pods that want the same image without credentials share one pull. */
  async #pullOnce(
    name: string,
    secrets: readonly Secret[],
    sandbox: Input<PodSandboxConfig>,
    signal: AbortSignal,
  ): Promise<string> {
    const credentials = credentialsFor(name, secrets);
    if (credentials.length === 0) {
      let pull = this.#pulling.get(name);
      if (pull === undefined) {
        pull = this.#images
          .pullImage({ image: { image: name }, sandboxConfig: sandbox })
          .then(({ imageRef }) => imageRef)
          .finally(() => this.#pulling.delete(name));
        this.#pulling.set(name, pull);
      }
      return pull;
    }
    let last: unknown;
    for (const auth of credentials) {
      try {
        return (await this.#images.pullImage({ image: { image: name }, auth, sandboxConfig: sandbox }, { signal }))
          .imageRef;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }
}
