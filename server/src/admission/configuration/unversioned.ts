/** Plugins' configurations that are older than kinds and versions: any fields, in YAML or JSON. */
import { yamlSerializer } from '@typernetes/openapi/codec';

export function readUnversioned(text: string): Record<string, unknown> {
  return { ...yamlSerializer.decode(Buffer.from(text), { strict: false }).object };
}
