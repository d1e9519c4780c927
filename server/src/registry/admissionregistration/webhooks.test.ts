import { type Kind, refusals } from '../testing/rules.ts';

const validatingwebhookconfigurations: Kind = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  resource: 'validatingwebhookconfigurations',
  example: {
    webhooks: [
      {
        name: 'none.example.com',
        clientConfig: { url: 'https://127.0.0.1:1/none' },
        rules: [
          { apiGroups: ['none.example.com'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothings'] },
        ],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  },
};

refusals('ValidatingWebhookConfigurations', validatingwebhookconfigurations, {
  'a name': [
    { 'webhooks/0/name': 'none' },
    'webhooks[0].name: Invalid value: "none": should be a domain with at least three segments separated by dots',
  ],
  'a name twice': [
    {
      'webhooks/1': {
        name: 'none.example.com',
        clientConfig: { url: 'https://127.0.0.1:1/none' },
        rules: [],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    },
    'webhooks[1].name: Duplicate value: "none.example.com"',
  ],
  'no way': [
    { 'webhooks/0/clientConfig': {} },
    'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
  ],
  'two ways': [
    { 'webhooks/0/clientConfig/service': { name: 'a', namespace: 'b' } },
    'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
  ],
  URLs: [
    { 'webhooks/0/clientConfig/url': 'http://u:p@a/b?c#d' },
    'webhooks[0].clientConfig.url: Invalid value: "c": query parameters are not permitted in the URL',
    'webhooks[0].clientConfig.url: Invalid value: "d": fragments are not permitted in the URL',
    'webhooks[0].clientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
    'webhooks[0].clientConfig.url: Invalid value: "u:p": user information is not permitted in the URL',
  ],
  'a service': [
    { 'webhooks/0/clientConfig': { service: { name: '', namespace: '', path: 'a//b', port: 0 } } },
    'webhooks[0].clientConfig.service.name: Required value',
    'webhooks[0].clientConfig.service.namespace: Required value',
    'webhooks[0].clientConfig.service.path: Invalid value: "a//b": must start with a \'/\'',
    'webhooks[0].clientConfig.service.path: Invalid value: "a//b": segment[0] may not be empty',
    'webhooks[0].clientConfig.service.path: Invalid value: "a//b": segment[1] may not be empty',
    'webhooks[0].clientConfig.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
  ],
  'no versions': [
    { 'webhooks/0/admissionReviewVersions': [] },
    'webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1',
  ],
  versions: [
    { 'webhooks/0/admissionReviewVersions': ['V 2', 'v1', 'v1'] },
    "webhooks[0].admissionReviewVersions[0]: Invalid value: \"V 2\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    'webhooks[0].admissionReviewVersions[2]: Invalid value: "v1": duplicate version',
  ],
  'unknown versions': [
    { 'webhooks/0/admissionReviewVersions': ['v2'] },
    'webhooks[0].admissionReviewVersions: Invalid value: {…}: must include at least one of v1, v1beta1',
  ],
  'side effects': [
    { 'webhooks/0/sideEffects': 'Some' },
    'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
  ],
  policies: [
    { 'webhooks/0/failurePolicy': 'X', 'webhooks/0/matchPolicy': 'Y' },
    'webhooks[0].failurePolicy: Unsupported value: "X": supported values: "Fail", "Ignore"',
    'webhooks[0].matchPolicy: Unsupported value: "Y": supported values: "Equivalent", "Exact"',
  ],
  times: [
    { 'webhooks/0/timeoutSeconds': 31 },
    'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
  ],
  selectors: [
    {
      'webhooks/0/namespaceSelector': { matchExpressions: [{ key: 'a', operator: 'X' }] },
      'webhooks/0/objectSelector': { matchLabels: { 'a b': 'c' } },
    },
    'webhooks[0].namespaceSelector.matchExpressions[0].operator: Invalid value: "X": not a valid selector operator',
    "webhooks[0].objectSelector.matchLabels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  conditions: [
    {
      'webhooks/0/matchConditions': [
        { name: '', expression: '' },
        { name: 'a', expression: 'x +' },
        { name: 'b', expression: '1' },
      ],
    },
    'webhooks[0].matchConditions[0].expression: Required value',
    'webhooks[0].matchConditions[0].name: Required value',
    "webhooks[0].matchConditions[1].expression: Invalid value: \"x +\": compilation failed: ERROR: <input>:1:4: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}",
    'webhooks[0].matchConditions[2].expression: Invalid value: "1": must evaluate to bool but got int',
  ],
  rules: [
    {
      'webhooks/0/rules': [
        {
          apiGroups: ['*', 'a'],
          apiVersions: ['*', 'b'],
          operations: ['*', 'CREATE'],
          resources: ['*', 'pods'],
          scope: 'X',
        },
        { apiGroups: [], apiVersions: [], operations: [], resources: [] },
        {
          apiGroups: ['a'],
          apiVersions: [''],
          operations: ['X'],
          resources: ['', '*/*', 'pods/*', '*/scale', 'pods/log'],
        },
      ],
    },
    "webhooks[0].rules[0].apiGroups: Invalid value: {…}: if '*' is present, must not specify other API groups",
    "webhooks[0].rules[0].apiVersions: Invalid value: {…}: if '*' is present, must not specify other API versions",
    "webhooks[0].rules[0].operations: Invalid value: {…}: if '*' is present, must not specify other operations",
    "webhooks[0].rules[0].resources: Invalid value: {…}: if '*' is present, must not specify other resources without subresources",
    'webhooks[0].rules[0].scope: Unsupported value: "X": supported values: "*", "Cluster", "Namespaced"',
    'webhooks[0].rules[1].apiGroups: Required value',
    'webhooks[0].rules[1].apiVersions: Required value',
    'webhooks[0].rules[1].operations: Required value',
    'webhooks[0].rules[1].resources: Required value',
    'webhooks[0].rules[2].apiVersions[0]: Required value',
    'webhooks[0].rules[2].operations[0]: Unsupported value: "X": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
    "webhooks[0].rules[2].resources: Invalid value: {…}: if '*/*' is present, must not specify other resources",
    'webhooks[0].rules[2].resources[0]: Required value',
    'webhooks[0].rules[2].resources[2]: Invalid value: "pods/*": if \'*/*\' is present, must not specify pods/*',
    'webhooks[0].rules[2].resources[3]: Invalid value: "*/scale": if \'*/*\' is present, must not specify */scale',
    'webhooks[0].rules[2].resources[4]: Invalid value: "pods/log": if \'pods/*\' is present, must not specify pods/log',
  ],
});
