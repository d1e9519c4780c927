/** The scale subresource: an autoscaling/v1 Scale that stands for three fields of a custom resource. */
import {
  badRequest,
  type FieldError,
  internalError,
  invalidValue,
  type KubernetesObject,
} from '@typernetes/openapi/meta';
import { isObject, isRawNumber, setOwn } from '@typernetes/openapi/schema';
import type { SubresourceRegistration } from '../registry/generic/strategy.ts';
import { scaleTable } from '../registry/scale.ts';
import type { ScaleSubresource } from './definition.ts';

export const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };

const parts = (text: string): string[] => text.replace(/^\./, '').split('.');

function read(object: unknown, place: string): unknown {
  let value = object;
  for (const name of parts(place)) value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

function write(object: KubernetesObject, place: string, value: number): void {
  const names = parts(place);
  const last = names.pop()!;
  let target = object as Record<string, unknown>;
  for (const name of names) {
    if (!isObject(target[name])) setOwn(target, name, {});
    target = target[name] as Record<string, unknown>;
  }
  setOwn(target, last, value);
}

const maxInt32 = 2 ** 31 - 1;

function goType(value: unknown): string {
  if (isRawNumber(value)) return 'int64';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  return Array.isArray(value) ? '[]interface {}' : isObject(value) ? 'map[string]interface {}' : typeof value;
}

/** The value at `place`, or why there can be none, in unstructured accessors' words. */
function access(object: unknown, place: string, expected: 'int64' | 'string'): { value?: unknown; error?: string } {
  const names = parts(place);
  const wrong = (value: unknown, wanted: string, to: number): { error: string } => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return {
      error: `.${names.slice(0, to).join('.')} accessor error: ${text} is of the type ${goType(value)}, expected ${wanted}`,
    };
  };
  let value = object;
  for (const [index, name] of names.entries()) {
    if (value === undefined || value === null) return {};
    if (!isObject(value)) return wrong(value, 'map[string]interface {}', index);
    value = Object.hasOwn(value, name) ? value[name] : undefined;
  }
  if (value === undefined) return {};
  return goType(value) === expected ? { value } : wrong(value ?? '<nil>', expected, names.length);
}

/** Replicas count things, wherever the definition puts them. */
function validateReplicas(place: string, object: KubernetesObject): FieldError[] {
  const { value: found = 0, error } = access(object, place, 'int64');
  if (error !== undefined) return [invalidValue(place, 0, error)];
  const value = isRawNumber(found) ? BigInt(found.rawJSON) : (found as number);
  if (value < 0) return [invalidValue(place, value, 'should be a non-negative integer')];
  if (value > maxInt32) return [invalidValue(place, value, `should be less than or equal to ${maxInt32}`)];
  return [];
}

export function validateScaleSpec(scale: ScaleSubresource, object: KubernetesObject): FieldError[] {
  return validateReplicas(scale.specReplicasPath, object);
}

export function validateScaleStatus(scale: ScaleSubresource, object: KubernetesObject): FieldError[] {
  const errors = validateReplicas(scale.statusReplicasPath, object);
  const { labelSelectorPath } = scale;
  if (labelSelectorPath === undefined) return errors;
  const { error } = access(object, labelSelectorPath, 'string');
  return error === undefined ? errors : [...errors, invalidValue(labelSelectorPath, '', error)];
}

/** As of all custom resources: what a name and what a date is. */
const scaleColumns = scaleTable.columns.map((column) => {
  if (column.name === 'Name') return { ...column, format: 'name' };
  return column.name === 'Age' ? { ...column, type: 'date' as const } : column;
});

/** Stands for replicas that nobody has set: an update must say how many. */
const unset = -(2 ** 31);

export function scaleRegistration(scale: ScaleSubresource): SubresourceRegistration {
  return {
    table: { ...scaleTable, columns: scaleColumns },
    keepsVersion: true,
    view(parent) {
      if (typeof read(parent, scale.specReplicasPath) !== 'number')
        throw internalError(`the spec replicas field "${scale.specReplicasPath}" does not exist`);
      return viewOf(parent);
    },
    updateView: viewOf,
    apply(view, parent) {
      const replicas = (view as { spec?: { replicas?: number } }).spec?.replicas ?? 0;
      if (replicas === unset) throw badRequest(`the spec replicas field "${scale.specReplicasPath}" cannot be empty`);
      write(parent, scale.specReplicasPath, replicas);
    },
  };

  function viewOf(parent: Readonly<KubernetesObject>): KubernetesObject {
    const given = read(parent, scale.specReplicasPath);
    const replicas = typeof given === 'number' ? given : unset;
    const current = read(parent, scale.statusReplicasPath);
    const selector = scale.labelSelectorPath ? read(parent, scale.labelSelectorPath) : undefined;
    const { name, namespace, uid, resourceVersion, creationTimestamp } = parent.metadata ?? {};
    const metadata = { name, namespace, uid, resourceVersion, creationTimestamp };
    return {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata,
      spec: replicas === 0 ? {} : { replicas },
      status: {
        replicas: typeof current === 'number' ? current : 0,
        ...(typeof selector === 'string' && selector !== '' ? { selector } : {}),
      },
    } as KubernetesObject;
  }
}
