/** ConfigMaps, Secrets, accounts, quotas and limits. */
import type { Case, JsonObject } from '../case.ts';
import { configMaps, limitRanges, resourceQuotas, secrets, serviceAccounts } from '../kinds.ts';
import { bodies, create, item, patch, sub, table, updates, variants } from '../requests.ts';

export const configurationCases: readonly Case[] = [
  {
    name: 'configuration/config maps and secrets',
    steps: [
      ...variants(configMaps, {
        empty: { data: undefined },
        'binary data': { data: undefined, binaryData: { x: 'AAEC' } },
        'binary data that is none': { binaryData: { x: 'a b' } },
        'one key twice': { data: { x: 'a' }, binaryData: { x: 'AA==' } },
        'a bad key': { data: { 'a/b': 'c' } },
        'a key of dots': { data: { '..': 'c' } },
        'a number': { data: { a: 5 } },
        'too much': { data: { a: 'x'.repeat(1_048_577) } },
      }),
      ...variants(secrets, {
        'string data': { data: undefined, stringData: { a: 'b' } },
        both: { stringData: { key: 'other' } },
        'a type of its own': { type: 'example.com/mine' },
        'a token without account': { type: 'kubernetes.io/service-account-token' },
        'a token of an account': {
          type: 'kubernetes.io/service-account-token',
          'metadata/annotations': { 'kubernetes.io/service-account.name': 'default' },
        },
        docker: { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'e30=' } },
        'docker without its key': { type: 'kubernetes.io/dockerconfigjson' },
        'docker with broken JSON': { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': 'ew==' } },
        basic: { type: 'kubernetes.io/basic-auth' },
        ssh: { type: 'kubernetes.io/ssh-auth' },
        tls: { type: 'kubernetes.io/tls' },
        'a bad key': { data: { 'a b': 'AA==' } },
      }),
      ...updates(secrets, { 'another type': { type: 'example.com/mine' } }),
      table(configMaps),
      table(secrets),
    ],
  },
  {
    name: 'configuration/service accounts and tokens',
    steps: [
      create(serviceAccounts, 'robot', { secrets: [{ name: 'a' }], automountServiceAccountToken: false }),
      ...bodies(
        { spec: { audiences: ['x'], expirationSeconds: 600 } },
        { spec: { audiences: ['x'], expirationSeconds: 5 } },
        { spec: { expirationSeconds: 4_294_967_297 } },
        { spec: { boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'absent' } } },
        { spec: { boundObjectRef: { kind: 'Nonsense', apiVersion: 'v1', name: 'x' } } },
      ).map((body) => ({
        method: 'POST' as const,
        path: `${item(serviceAccounts, 'robot')}/token`,
        body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', ...(body as JsonObject) } as never,
        label: JSON.stringify(body),
      })),
      { method: 'POST', path: `${item(serviceAccounts, 'absent')}/token`, body: { spec: { audiences: [] } } },
      { method: 'GET', path: `${item(serviceAccounts, 'robot')}/token` },
      table(serviceAccounts),
    ],
  },
  {
    name: 'configuration/quotas and limits',
    steps: [
      ...variants(resourceQuotas, {
        'unknown resources': { 'spec/hard': { nonsense: '1' } },
        'counts of objects': { 'spec/hard': { 'count/deployments.apps': '3', 'requests.nvidia.com/gpu': '1' } },
        negative: { 'spec/hard': { pods: '-1' } },
        'a half': { 'spec/hard': { pods: '500m' } },
        scopes: { 'spec/scopes': ['BestEffort'], 'spec/hard': { pods: '1' } },
        'opposite scopes': { 'spec/scopes': ['BestEffort', 'NotBestEffort'] },
        'a scope that does not fit': { 'spec/scopes': ['BestEffort'], 'spec/hard': { 'requests.cpu': '1' } },
        'a scope of nonsense': { 'spec/scopes': ['Nonsense'] },
        'a selector': {
          'spec/scopeSelector': {
            matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }],
          },
        },
        'a selector without values': {
          'spec/scopeSelector': { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] },
        },
      }),
      create(resourceQuotas, 'one', { 'spec/hard': { configmaps: '1', 'requests.cpu': '0.10' } }),
      sub('status', patch('merge', resourceQuotas, 'one', { status: { hard: { pods: '1' }, used: { pods: '-1' } } })),
      sub(
        'status',
        patch('merge', resourceQuotas, 'one', { status: { hard: { configmaps: '1' }, used: { configmaps: '1' } } }),
      ),
      ...updates(resourceQuotas, { 'other scopes': { 'spec/scopes': ['Terminating'] } }),
      table(resourceQuotas),
      ...variants(limitRanges, {
        'a type of nonsense': { 'spec/limits/0/type': 'Nonsense' },
        'one type twice': { 'spec/limits/1': { type: 'Container', max: { cpu: '1' } } },
        'minimum above maximum': { 'spec/limits/0/min': { cpu: '5' } },
        'a default above the maximum': { 'spec/limits/0/default': { cpu: '5' } },
        'a default request below the minimum': {
          'spec/limits/0/min': { cpu: '2' },
          'spec/limits/0/defaultRequest': { cpu: '1' },
        },
        'a default for pods': { 'spec/limits/0': { type: 'Pod', default: { cpu: '1' } } },
        'a ratio': { 'spec/limits/0/maxLimitRequestRatio': { cpu: '2' } },
        'a ratio below 1': { 'spec/limits/0/maxLimitRequestRatio': { cpu: '0.5' } },
        claims: { 'spec/limits/0': { type: 'PersistentVolumeClaim', max: { storage: '1Gi' } } },
        'claims without bounds': { 'spec/limits/0': { type: 'PersistentVolumeClaim' } },
      }),
      table(limitRanges),
    ],
  },
];
