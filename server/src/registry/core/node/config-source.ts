/** Where a kubelet once took its configuration from. The feature is gone; the fields of old objects are looked at still. */
import type { ConfigMapNodeConfigSource, Node, NodeConfigSource } from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import {
  checked,
  configMapKey,
  dns1123Label,
  dns1123Subdomain,
  forbiddenField,
  invalidValue,
  path,
  required,
} from '../../validation/index.ts';

export function validateConfigSources({ spec, status }: Readonly<Node>): FieldError[] {
  const errors = spec?.configSource
    ? validateSource(spec.configSource, path('spec', 'configSource'), ({ uid, resourceVersion }, at) => [
        ...(uid ? [forbiddenField(at.child('uid'), 'uid must not be set in spec')] : []),
        ...(resourceVersion
          ? [forbiddenField(at.child('resourceVersion'), 'resourceVersion must not be set in spec')]
          : []),
      ])
    : [];
  for (const field of ['assigned', 'active', 'lastKnownGood'] as const) {
    const source = status?.config?.[field];
    if (!source) continue;
    const found = validateSource(source, path('status', 'config', field), ({ uid, resourceVersion }, at) => [
      ...(uid ? [] : [required(at.child('uid'), '')]),
      ...(resourceVersion ? [] : [required(at.child('resourceVersion'), '')]),
    ]);
    errors.push(...found);
  }
  return errors;
}

function validateSource(
  source: NodeConfigSource,
  at: Path,
  validateVersion: (map: ConfigMapNodeConfigSource, at: Path) => FieldError[],
): FieldError[] {
  const map = source.configMap;
  if (map == null) return [invalidValue(at, { ConfigMap: null }, 'exactly one reference subfield must be non-nil')];
  const here = at.child('configMap');
  const errors = validateVersion(map, here);
  for (const [field, check] of [
    ['namespace', dns1123Label],
    ['name', dns1123Subdomain],
    ['kubeletConfigKey', configMapKey],
  ] as const) {
    const value = map[field];
    errors.push(...(value ? checked(here.child(field), value, check(value)) : [required(here.child(field), '')]));
  }
  return errors;
}
