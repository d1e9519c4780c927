/** Numbers and strings whose literals matter: 1.0 is no integer, half a pair is no character. */
import type { Case, Step } from '../case.ts';
import { configMaps, deployments, resourceQuotas } from '../kinds.ts';
import { create, objectOf, patch, post, put, remove } from '../requests.ts';

const dry = { dryRun: 'All' };
const yaml = { 'content-type': 'application/yaml' };
const numbers = ['1.0', '1e3', '1E0', '-1.0', '0.0', '-0', '1.50', '1e400'];
const quantities = ['1.0', '1e3', '1E3', '1.50', '1e-3', '1e400', '"1E3"', '"1E0"', '"01E3"', '12345678901234567890'];
const texts = [
  String.raw`\ud800`,
  String.raw`\udc00\ud800`,
  String.raw`\ud83d\ud83d\ude00`,
  String.raw`\ud83d\ude00`,
  String.raw`\ud800\\udc00`,
];

const body = (replicas: string): string =>
  JSON.stringify(objectOf(deployments, 'web', { 'spec/replicas': '#' })).replace('"#"', replicas);

function patches(literal: string): Step[] {
  const spec = `"spec":{"replicas":${literal}}`;
  const label = { label: literal };
  const owned = { ...dry, fieldManager: 'a', force: true };
  const applied = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},${spec}}`;
  return [
    patch('merge', deployments, 'web', `{${spec}}`, dry, label),
    patch('strategic', deployments, 'web', `{${spec}}`, dry, label),
    patch('json', deployments, 'web', `[{"op":"add","path":"/spec/replicas","value":${literal}}]`, dry, label),
    patch('apply', deployments, 'web', applied, owned, label),
  ];
}

function configMapWith(text: string): Step[] {
  const start = '"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"u"}';
  const send = (object: string, headers?: Record<string, string>): Step =>
    post(configMaps, object, { ...dry, fieldValidation: 'Strict' }, { headers, label: object });
  return [
    send(`{${start},"data":{"a":"${text}"}}`),
    send(`{${start},"data":{"a${text}":""}}`),
    send(`{${start},"a${text}":""}`),
    send(`{${start},"data":{"a":"${text}"}}`, yaml),
    send(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: u}\ndata: {a: "${text}"}\n`, yaml),
  ];
}

/** Integers that an int32 does not hold, in each place where a client can write one. */
const wide = [
  '2147483647',
  '2147483648',
  '-2147483649',
  '4294967297',
  '9223372036854775807',
  '9223372036854775808',
  '1e20',
];
const periodOf = (seconds: string): string => `"template":{"spec":{"terminationGracePeriodSeconds":${seconds}}}`;
const surgeOf = (surge: string): string => `"strategy":{"rollingUpdate":{"maxSurge":${surge}}}`;
const nestedPort = (port: string): string =>
  `"template":{"spec":{"containers":[{"name":"c","ports":[{"containerPort":${port},"name":"p"}]}]}}`;

function wideWrites(literal: string): Step[] {
  const label = { label: literal };
  const owned = { ...dry, fieldManager: 'a', force: true };
  const applied = (spec: string): string =>
    `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{${spec}}}`;
  const status = { ...label, subresource: 'status' };
  const observed = `"status":{"replicas":${literal}}`;
  return [
    post(deployments, body(literal), dry, label),
    put(deployments, 'web', body(literal), dry, label),
    ...patches(literal),
    patch('merge', deployments, 'web', `{"spec":{${nestedPort(literal)}}}`, dry, { label: `nested ${literal}` }),
    patch('strategic', deployments, 'web', `{"spec":{${nestedPort(literal)}}}`, dry, { label: `nested ${literal}` }),
    patch('apply', deployments, 'web', applied(nestedPort(literal)), owned, { label: `nested ${literal}` }),
    ...[periodOf(literal), surgeOf(literal)].flatMap((spec) => [
      patch('merge', deployments, 'web', `{"spec":{${spec}}}`, dry, { label: spec }),
      patch('strategic', deployments, 'web', `{"spec":{${spec}}}`, dry, { label: spec }),
      patch('apply', deployments, 'web', applied(spec), owned, { label: spec }),
    ]),
    patch('merge', deployments, 'web', `{${observed}}`, dry, status),
    patch('strategic', deployments, 'web', `{${observed}}`, dry, status),
    patch('json', deployments, 'web', `[{"op":"add","path":"/status/replicas","value":${literal}}]`, dry, status),
    patch(
      'apply',
      deployments,
      'web',
      `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},${observed}}`,
      owned,
      status,
    ),
    patch('apply', deployments, 'unknown', applied(`"replicas":${literal}`).replace('"web"', '"unknown"'), owned, {
      label: `created ${literal}`,
    }),
  ];
}

export const literalCases: readonly Case[] = [
  {
    name: 'literals/wide: integers that are too wide for their field',
    steps: [create(deployments, 'web'), ...wide.flatMap(wideWrites)],
  },
  {
    name: 'literals/numbers: what is written as a float is no integer',
    steps: [
      ...numbers.map((literal) => post(deployments, body(literal), dry, { label: literal })),
      post(deployments, body('1.0'), dry, { headers: yaml, label: 'YAML' }),
      create(deployments, 'web'),
      ...['1.0', '1e3', '1.50'].flatMap(patches),
      remove(deployments, 'web', { gracePeriodSeconds: 1.5 }, dry),
    ],
  },
  {
    name: 'literals/quantities: numbers as they are written',
    steps: quantities.map((cpu) =>
      post(
        resourceQuotas,
        `{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q"},"spec":{"hard":{"cpu":${cpu}}}}`,
        dry,
        { label: cpu },
      ),
    ),
  },
  {
    name: 'literals/strings: halves of pairs',
    steps: [
      ...texts.flatMap(configMapWith),
      post(
        configMaps,
        String.raw`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"u"},"data":{"\ud800":"","\ud801":""}}`,
        { ...dry, fieldValidation: 'Strict' },
      ),
    ],
  },
];
