import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const configmaps: Kind = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  example: { data: { key: 'value' } },
};

const fixed: Kind = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  example: { immutable: true, data: { key: 'value' } },
};

refusals('ConfigMaps', configmaps, {
  'a key': [
    { data: { 'a b': 'c', '.': 'd' } },
    'data[.]: Invalid value: ".": must not be \'.\'',
    "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
  ],
  'a key twice': [
    { binaryData: { key: 'AA==' } },
    'data[key]: Invalid value: "key": duplicate of key present in binaryData',
  ],
});

refusedUpdates('updates of ConfigMaps', fixed, {
  'other data': [{ data: { key: 'other' } }, 'data: Forbidden: field is immutable when `immutable` is set'],
  'binary data': [
    { binaryData: { other: 'AA==' } },
    'binaryData: Forbidden: field is immutable when `immutable` is set',
  ],
  'no longer fixed': [{ immutable: false }, 'immutable: Forbidden: field is immutable when `immutable` is set'],
});
