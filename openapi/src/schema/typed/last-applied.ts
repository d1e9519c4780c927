/** The annotation client-side apply keeps, while kubectl moves to server-side apply and back. */
import type { JsonObject } from '../../meta/object.ts';
import { asMap } from './typed-node.ts';
import { encodeValue } from './value.ts';

export const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The manager of kubectl's own server-side apply: only for it the annotation is kept. */
export const kubectlManager = 'kubectl';

const maxAnnotationBytes = 256 * 1024;

function annotationsOf(object: JsonObject): JsonObject | undefined {
  return asMap(asMap(object['metadata'])?.['annotations']);
}

/** Undefined where there is none, or an empty one. */
export function lastApplied(object: JsonObject): string | undefined {
  const value = annotationsOf(object)?.[lastAppliedAnnotation];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Sets the annotation to the configuration, or removes it where annotations would grow too large. Changes the object. */
export function setLastApplied(object: JsonObject, configuration: JsonObject): void {
  const annotations = annotationsOf(object);
  if (annotations === undefined) return;
  annotations[lastAppliedAnnotation] = encodeConfiguration(configuration);
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    bytes += Buffer.byteLength(key) + (typeof value === 'string' ? Buffer.byteLength(value) : 0);
  }
  if (bytes > maxAnnotationBytes) delete annotations[lastAppliedAnnotation];
}

function encodeConfiguration(configuration: JsonObject): string {
  const metadata = asMap(configuration['metadata']);
  const annotations = asMap(metadata?.['annotations']);
  if (annotations === undefined) return `${encodeValue(configuration)}\n`;
  const { [lastAppliedAnnotation]: _previous, ...others } = annotations;
  return `${encodeValue({ ...configuration, metadata: { ...metadata, annotations: others } })}\n`;
}
