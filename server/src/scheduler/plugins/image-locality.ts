import { maxNodeScore, type ScorePlugin } from '../framework/framework.ts';
import type { NodeInfo } from '../framework/node-info.ts';

const mebibyte = 1024 * 1024;
const minimumBytes = 23 * mebibyte;
const maximumBytesPerContainer = 1000 * mebibyte;

/** Prefers nodes that have the pod's images already, weighed by size and by how many nodes have them. */
export const imageLocality: ScorePlugin = {
  name: 'ImageLocality',

  preScore(state, { pod }, nodes) {
    const images = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])].map(({ image = '' }) =>
      normalized(image),
    );
    const spread = new Map(
      images.map((image) => [image, nodes.filter((node) => node.imageNames.has(image)).length / nodes.length]),
    );
    if ([...spread.values()].every((share) => share === 0)) return false;
    state.set('ImageLocality', { images, spread });
    return true;
  },

  score(state, _pod, node) {
    const { images, spread } = state.get('ImageLocality') as { images: string[]; spread: Map<string, number> };
    const total = images.reduce((sum, image) => sum + Math.trunc(sizeOf(node, image) * (spread.get(image) ?? 0)), 0);
    const maximum = maximumBytesPerContainer * images.length;
    const clamped = Math.min(Math.max(total, minimumBytes), maximum);
    return Math.trunc((maxNodeScore * (clamped - minimumBytes)) / (maximum - minimumBytes));
  },
};

function sizeOf(node: NodeInfo, image: string): number {
  if (!node.imageNames.has(image)) return 0;
  return node.node?.status?.images?.find((entry) => entry.names?.includes(image))?.sizeBytes ?? 0;
}

/** Nodes list images with their tag. */
function normalized(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
