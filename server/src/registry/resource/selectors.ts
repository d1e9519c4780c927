/** CEL expressions that choose devices: compiled when they are written, evaluated by whoever allocates. */
import type { DeviceSelector } from '@typernetes/openapi/types/resource/v1';
import {
  BOOL,
  compile,
  DYN,
  environment,
  formatType,
  isDyn,
  mapOf,
  objectType,
  opaque,
  STRING,
} from '../../cel/index.ts';
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  type Path,
  required,
  tooLong,
  tooMany,
} from '../validation/index.ts';

const maxSelectors = 32;
const maxExpressionBytes = 10 * 1024;
const maxCost = 1_000_000;

const device = objectType('kubernetes.DRADevice', {
  driver: STRING,
  attributes: mapOf(STRING, mapOf(STRING, DYN)),
  capacity: mapOf(STRING, mapOf(STRING, opaque('kubernetes.Quantity'))),
  allowMultipleAllocations: BOOL,
});
const devices = environment({ device }, {}, { bindings: true });

/** Clients may leave out whatever the type promises. */
export function validateDeviceSelectors(
  selectors: readonly Partial<DeviceSelector>[] | undefined,
  at: Path,
): FieldError[] {
  const given = selectors ?? [];
  if (given.length > maxSelectors) return [tooMany(at, given.length, maxSelectors)];
  return given.flatMap(({ cel }, index) => {
    const here = at.index(index).child('cel');
    return cel === undefined
      ? [required(here, '')]
      : validateExpression(cel.expression ?? '', here.child('expression'));
  });
}

function validateExpression(expression: string, at: Path): FieldError[] {
  if (Buffer.byteLength(expression) > maxExpressionBytes) return [tooLong(at, '', maxExpressionBytes)];
  const { program, errors } = compile(expression, devices);
  if (program === undefined) return [invalidValue(at, expression, `compilation failed: ${errors}`)];
  if (program.type.kind !== 'bool' && !isDyn(program.type)) {
    const found = formatType(program.type);
    return [invalidValue(at, expression, `must evaluate to bool or the unknown type, not ${found}`)];
  }
  return program.cost.max > maxCost ? [forbiddenField(at, 'too complex, exceeds cost limit')] : [];
}
