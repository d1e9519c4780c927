import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const secrets: Kind = { apiVersion: 'v1', kind: 'Secret', resource: 'secrets', example: { data: { key: 'dmFsdWU=' } } };

const fixed: Kind = {
  apiVersion: 'v1',
  kind: 'Secret',
  resource: 'secrets',
  example: { immutable: true, data: { key: 'dmFsdWU=' } },
};

refusals('Secrets', secrets, {
  'a key': [
    { data: { 'a b': 'AA==', '..': 'AA==' } },
    'data[..]: Invalid value: "..": must not be \'..\'',
    "data[a b]: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
  ],
  'a token of nobody': [
    { type: 'kubernetes.io/service-account-token' },
    'metadata.annotations[kubernetes.io/service-account.name]: Required value',
  ],
  'dockercfg without': [{ type: 'kubernetes.io/dockercfg' }, 'data[.dockercfg]: Required value'],
  'dockerconfigjson without': [{ type: 'kubernetes.io/dockerconfigjson' }, 'data[.dockerconfigjson]: Required value'],
  'dockerconfigjson empty': [
    { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': '' } },
    'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input',
  ],
  basic: [{ type: 'kubernetes.io/basic-auth' }, 'data[password]: Required value', 'data[username]: Required value'],
  ssh: [{ type: 'kubernetes.io/ssh-auth' }, 'data[ssh-privatekey]: Required value'],
  'ssh empty': [
    { type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': '' } },
    'data[ssh-privatekey]: Required value',
  ],
  tls: [{ type: 'kubernetes.io/tls' }, 'data[tls.crt]: Required value', 'data[tls.key]: Required value'],
  'a bootstrap token': [{ type: 'bootstrap.kubernetes.io/token' }],
});

refusedUpdates('updates of Secrets', fixed, {
  'other data': [{ data: { key: 'AA==' } }, 'data: Forbidden: field is immutable when `immutable` is set'],
  'no longer fixed': [{ immutable: false }, 'immutable: Forbidden: field is immutable when `immutable` is set'],
  'another type': [{ type: 'example.com/a' }, 'type: Invalid value: "example.com/a": field is immutable'],
});
