/**
 * Images of the simulated runtime: every name can be pulled, nothing is stored. Names with `no-such-image` (or in the
 * `missing` list) fail as a registry's 404 does, so that pull errors can be simulated.
 */
import { createHash } from 'node:crypto';
import {
  CriError,
  complete,
  type Image,
  type ImageFsInfoResponse,
  type ImageService,
  type ImageSpec,
  type ImageStatusRequest,
  type ImageStatusResponse,
  type Input,
  type ListImagesRequest,
  type ListImagesResponse,
  type PullImageRequest,
  type PullImageResponse,
  type RemoveImageRequest,
  type RemoveImageResponse,
  type StreamImagesResponse,
} from 'cri-client';

export interface ImageOptions {
  /** Regular expressions over image names that cannot be pulled. */
  missing?: readonly string[];
  pullDelayMs?: number;
  /** Waits so long; injected with the runtime's clock. */
  delay?: (milliseconds: number) => Promise<void>;
}

const digestOf = (name: string): string => `sha256:${createHash('sha256').update(name).digest('hex')}`;

/** `nginx` is `docker.io/library/nginx:latest`, as containerd stores it. */
function normalizeImageName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasRegistry ? name : rest.length > 0 ? `docker.io/${name}` : `docker.io/library/${name}`;
  const last = path.slice(path.lastIndexOf('/') + 1);
  return last.includes(':') || last.includes('@') ? path : `${path}:latest`;
}

export class SimulatedImages implements ImageService {
  readonly #images = new Map<string, Image>();
  readonly #options: ImageOptions;

  constructor(options: ImageOptions = {}) {
    this.#options = options;
  }

  #find(image: Input<ImageSpec> | undefined): Image | undefined {
    const name = image?.image ?? '';
    const known = this.#images.get(normalizeImageName(name));
    if (known !== undefined || !name.startsWith('sha256:')) return known;
    return [...this.#images.values()].find(({ id }) => id === name);
  }

  async listImages(request: Input<ListImagesRequest>): Promise<ListImagesResponse> {
    if (request.filter?.image?.image) {
      const found = this.#find(request.filter.image);
      return { images: found === undefined ? [] : [found] };
    }
    return { images: [...this.#images.values()] };
  }

  async *streamImages(): AsyncGenerator<StreamImagesResponse, void, undefined> {
    yield { images: [...this.#images.values()] };
  }

  async imageStatus(request: Input<ImageStatusRequest>): Promise<ImageStatusResponse> {
    return { image: this.#find(request.image), info: {} };
  }

  async pullImage(request: Input<PullImageRequest>): Promise<PullImageResponse> {
    const asked = request.image?.image ?? '';
    if (asked === '') throw new CriError('INVALID_ARGUMENT', 'image name is empty');
    const name = normalizeImageName(asked);
    if ([...(this.#options.missing ?? []), 'no-such-image'].some((pattern) => new RegExp(pattern).test(name))) {
      throw new CriError(
        'NOT_FOUND',
        `failed to pull and unpack image ${JSON.stringify(name)}: failed to resolve reference ${JSON.stringify(name)}: ${name}: not found`,
      );
    }
    if (this.#options.pullDelayMs !== undefined) await this.#options.delay?.(this.#options.pullDelayMs);
    const known = this.#images.get(name);
    if (known !== undefined) return { imageRef: known.id };
    const id = digestOf(name);
    const repository = name.replace(/(@sha256:.*|:[^:/]*)$/, '');
    this.#images.set(
      name,
      complete('Image', {
        id,
        repoTags: name.includes('@') ? [] : [name],
        repoDigests: [name.includes('@') ? name : `${repository}@${digestOf(`${name} manifest`)}`],
        size: 4_000_000n,
        username: '',
        spec: { image: asked },
      }),
    );
    return { imageRef: id };
  }

  async removeImage(request: Input<RemoveImageRequest>): Promise<RemoveImageResponse> {
    const found = this.#find(request.image);
    for (const [name, image] of this.#images) if (image === found) this.#images.delete(name);
    return {};
  }

  async imageFsInfo(): Promise<ImageFsInfoResponse> {
    const used = [...this.#images.values()].reduce((sum, { size }) => sum + size, 0n);
    const usage = complete('FilesystemUsage', {
      timestamp: BigInt(Date.now()) * 1_000_000n,
      fsId: { mountpoint: '/' },
      usedBytes: { value: used },
      inodesUsed: { value: BigInt(this.#images.size) },
    });
    return { imageFilesystems: [usage], containerFilesystems: [usage] };
  }
}
