/** Server-side apply: the configuration in a PATCH body, merged into what is there (KEP-555). */
import { CodecError, cborSerializer, decodeYaml } from '@typernetes/openapi/codec';
import { badRequest, type KubernetesObject } from '@typernetes/openapi/meta';
import { type FieldManager, plainNumbers } from '@typernetes/openapi/schema';
import type { WriteOptions } from '../../registry/generic/options.ts';
import type { ApplyPatchType } from '../negotiation.ts';
import type { RequestContext } from '../request-context.ts';

/** From what is there (undefined: nothing) to the new object; does not change what it is given. */
export type Change = (live: KubernetesObject | undefined) => KubernetesObject;

export async function applyConfiguration(
  body: Buffer,
  type: ApplyPatchType,
  { fieldManager, fieldValidation, force }: WriteOptions,
  manager: FieldManager,
  context: RequestContext,
): Promise<Change> {
  const strict = fieldValidation !== 'Ignore';
  let configuration: KubernetesObject;
  let strictErrors: string[];
  try {
    const decoded =
      type === 'application/apply-patch+cbor'
        ? cborSerializer.decode(body, { strict })
        : await decodeYaml(body, { strict });
    configuration = plainNumbers(decoded.object) as KubernetesObject;
    strictErrors = decoded.strictErrors;
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw badRequest(`error decoding ${type === 'application/apply-patch+cbor' ? 'CBOR' : 'YAML'}: ${error.message}`);
  }
  return (live) => {
    const object = manager.apply(live, configuration, fieldManager, force === true);
    // Repeated fields are complained of after conflicts, as upstream.
    if (strictErrors.length > 0) {
      const detail = `error converting YAML to JSON: yaml: unmarshal errors:\n  ${strictErrors.join('\n  ')}`;
      if (fieldValidation === 'Strict') throw badRequest(`error strict decoding YAML: ${detail}`);
      context.warnings.add(detail);
    }
    return object;
  };
}
