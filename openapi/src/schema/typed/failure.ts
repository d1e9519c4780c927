/** What the field manager says of objects that it cannot work with. */
import type { JsonObject, JsonValue } from '../../meta/object.ts';
import { StatusError } from '../../meta/status-error.ts';
import { asMap } from './typed-node.ts';

export function describeKind(object: JsonObject): string {
  const apiVersion = textOf(object['apiVersion']);
  return `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${textOf(object['kind'])}`;
}

export function describeObject(object: JsonObject): string {
  const metadata = asMap(object['metadata']);
  return `${textOf(metadata?.['namespace'])}/${textOf(metadata?.['name'])}; ${describeKind(object)}`;
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Upstream answers these with a bare error: 500 without a reason. */
export function failure(message: string, cause?: unknown): StatusError {
  return new StatusError(
    { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, code: 500 },
    { cause },
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
