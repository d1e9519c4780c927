/** What is handed to a driver as it is. */
import type { DeviceClassConfiguration } from '@typernetes/openapi/types/resource/v1';
import { validateDriverName } from '../storage/driver-name.ts';
import { type FieldError, invalidValue, type Path, required, tooLong } from '../validation/index.ts';

export const maxConfigurations = 32;
const maxParameters = 10 * 1024;

/** Clients may leave out whatever the types promise. */
export function validateConfiguration({ opaque }: DeviceClassConfiguration, at: Path): FieldError[] {
  const here = at.child('opaque');
  if (!opaque) return [required(here, '')];
  return [
    ...validateDriverName(opaque.driver, here.child('driver')),
    ...validateParameters(opaque.parameters, here.child('parameters')),
  ];
}

/** A JSON object. */
export function validateParameters(parameters: unknown, at: Path): FieldError[] {
  if (parameters === undefined || parameters === null) return [required(at, '')];
  if (Buffer.byteLength(JSON.stringify(parameters)) > maxParameters) return [tooLong(at, '', maxParameters)];
  if (typeof parameters !== 'object' || Array.isArray(parameters))
    return [invalidValue(at, '<value omitted>', 'must be a valid JSON object')];
  return [];
}
