import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const jobs: Kind = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  resource: 'jobs',
  example: {
    spec: {
      template: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }], restartPolicy: 'Never' } },
    },
  },
};

const indexed: Kind = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  resource: 'jobs',
  example: {
    spec: {
      completionMode: 'Indexed',
      completions: 3,
      parallelism: 3,
      backoffLimitPerIndex: 1,
      template: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }], restartPolicy: 'Never' } },
    },
  },
};

refusals('Jobs', jobs, {
  'restarted always': [
    { 'spec/template/spec/restartPolicy': 'Always' },
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  'no policy': [
    { 'spec/template/spec/restartPolicy': undefined },
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  'negative numbers': [
    {
      'spec/parallelism': -1,
      'spec/completions': -1,
      'spec/activeDeadlineSeconds': -1,
      'spec/backoffLimit': -1,
      'spec/ttlSecondsAfterFinished': -1,
    },
    'spec.activeDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0',
    'spec.completions: Invalid value: -1: must be greater than or equal to 0',
    'spec.parallelism: Invalid value: -1: must be greater than or equal to 0',
    'spec.ttlSecondsAfterFinished: Invalid value: -1: must be greater than or equal to 0',
  ],
  'a selector of its own': [
    { 'spec/manualSelector': true },
    'spec.selector: Required value',
    'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
  ],
  'a selector that misses': [
    { 'spec/manualSelector': true, 'spec/selector': { matchLabels: { a: 'b' } } },
    'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
  ],
  'a mode': [
    { 'spec/completionMode': 'X' },
    'spec.completionMode: Unsupported value: "X": supported values: "NonIndexed", "Indexed"',
  ],
  'indexed without completions': [{ 'spec/completionMode': 'Indexed' }],
  'too many indexes': [
    { 'spec/completionMode': 'Indexed', 'spec/completions': 5, 'spec/parallelism': 100001 },
    'spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed',
  ],
  'very many indexes': [
    {
      'spec/completionMode': 'Indexed',
      'spec/completions': 100001,
      'spec/backoffLimitPerIndex': 1,
      'spec/parallelism': 10001,
      'spec/maxFailedIndexes': 10001,
    },
    'spec.maxFailedIndexes: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
    'spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
  ],
  'failures per index of none': [
    { 'spec/backoffLimitPerIndex': 1, 'spec/maxFailedIndexes': 1 },
    'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
  ],
  'failed indexes without limits': [
    { 'spec/completionMode': 'Indexed', 'spec/completions': 3, 'spec/maxFailedIndexes': 5 },
    'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
    'spec.maxFailedIndexes: Invalid value: 5: must be less than or equal to completions',
  ],
  'more failed indexes than there are': [
    {
      'spec/completionMode': 'Indexed',
      'spec/completions': 3,
      'spec/backoffLimitPerIndex': 1,
      'spec/maxFailedIndexes': 5,
    },
    'spec.maxFailedIndexes: Invalid value: 5: must be less than or equal to completions',
  ],
  'a failure policy of nothing': [
    { 'spec/podFailurePolicy': { rules: [{ action: 'FailJob' }] } },
    'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
  ],
  'a failure policy of two': [
    {
      'spec/podFailurePolicy': {
        rules: [
          {
            action: 'Ignore',
            onExitCodes: { operator: 'In', values: [1] },
            onPodConditions: [{ type: 'A', status: 'True' }],
          },
        ],
      },
    },
    'spec.podFailurePolicy.rules[0]: Invalid value: specifying both OnExitCodes and OnPodConditions is not supported',
  ],
  'a failure policy’s codes': [
    {
      'spec/podFailurePolicy': {
        rules: [
          { action: 'X', onExitCodes: { operator: 'X', values: [] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [0, 1, 1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [3, 2] } },
          { action: 'FailJob', onExitCodes: { containerName: 'absent', operator: 'NotIn', values: [1] } },
        ],
      },
    },
    'spec.podFailurePolicy.rules[0].action: Unsupported value: "X": supported values: "Count", "FailIndex", "FailJob", "Ignore"',
    'spec.podFailurePolicy.rules[0].onExitCodes.operator: Unsupported value: "X": supported values: "In", "NotIn"',
    'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: {…}: at least one value is required',
    'spec.podFailurePolicy.rules[1].onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator',
    'spec.podFailurePolicy.rules[1].onExitCodes.values[2]: Duplicate value: 1',
    'spec.podFailurePolicy.rules[2].onExitCodes.values: Invalid value: {…}: must be ordered',
    'spec.podFailurePolicy.rules[3].onExitCodes.containerName: Invalid value: "absent": must be one of the container or initContainer names in the pod template',
  ],
  'a failure policy’s conditions': [
    { 'spec/podFailurePolicy': { rules: [{ action: 'FailIndex', onPodConditions: [{ type: 'a b', status: 'X' }] }] } },
    'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
    'spec.podFailurePolicy.rules[0].onPodConditions[0].status: Unsupported value: "X": supported values: "False", "True", "Unknown"',
    "spec.podFailurePolicy.rules[0].onPodConditions[0].type: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  'a failure policy for pods that start again': [
    {
      'spec/template/spec/restartPolicy': 'OnFailure',
      'spec/podFailurePolicy': { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }] },
    },
    'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
  ],
  '21 rules of failure': [
    {
      'spec/podFailurePolicy': {
        rules: [
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
          { action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } },
        ],
      },
    },
    'spec.podFailurePolicy.rules: Too many: 21: must have at most 20 items',
  ],
  'a success policy without indexes': [
    { 'spec/successPolicy': { rules: [{ succeededCount: 1 }] } },
    'spec.successPolicy: Invalid value: {…}: requires indexed completion mode',
  ],
  'a success policy': [
    {
      'spec/completionMode': 'Indexed',
      'spec/completions': 3,
      'spec/successPolicy': {
        rules: [
          {},
          { succeededIndexes: '2-1' },
          { succeededIndexes: '5' },
          { succeededIndexes: 'x' },
          { succeededIndexes: '0,0' },
          { succeededCount: 5 },
          { succeededIndexes: '0', succeededCount: 2 },
          { succeededCount: 0 },
        ],
      },
    },
    'spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified',
    'spec.successPolicy.rules[1].succeededIndexes: Invalid value: "2-1": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1',
    'spec.successPolicy.rules[2].succeededIndexes: Invalid value: "5": error parsing succeededIndexes: too large index: "5"',
    'spec.successPolicy.rules[3].succeededIndexes: Invalid value: "x": error parsing succeededIndexes: cannot convert string to integer for index: "x"',
    'spec.successPolicy.rules[4].succeededIndexes: Invalid value: "0,0": error parsing succeededIndexes: non-increasing order, previous: 0, current: 0',
    'spec.successPolicy.rules[5].succeededCount: Invalid value: 5: must be less than or equal to 3 (the number of specified completions)',
    'spec.successPolicy.rules[6].succeededCount: Invalid value: 2: must be less than or equal to 1 (the number of indexes in the specified succeededIndexes field)',
  ],
  'a success policy of nothing': [
    { 'spec/completionMode': 'Indexed', 'spec/completions': 3, 'spec/successPolicy': { rules: [] } },
    'spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified',
  ],
  'an index beyond integers': [
    {
      'spec/completionMode': 'Indexed',
      'spec/completions': 3,
      'spec/successPolicy': { rules: [{ succeededIndexes: '99999999999999999999' }] },
    },
    'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "99999999999999999999": error parsing succeededIndexes: cannot convert string to integer for index: "99999999999999999999"',
  ],
  'a manager': [
    { 'spec/managedBy': 'nonsense' },
    'spec.managedBy: Invalid value: "nonsense": must be a domain-prefixed path (such as "acme.io/foo")',
  ],
  'a long manager': [
    { 'spec/managedBy': 'example.com/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' },
    'spec.managedBy: Too long: may not be more than 63 bytes',
  ],
  'a replacement policy': [
    { 'spec/podReplacementPolicy': 'X' },
    'spec.podReplacementPolicy: Unsupported value: "X": supported values: "Failed", "TerminatingOrFailed"',
  ],
  'a replacement policy beside a failure policy': [
    {
      'spec/podReplacementPolicy': 'TerminatingOrFailed',
      'spec/podFailurePolicy': { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }] },
    },
    'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
  ],
  'a long name of an indexed one': [
    {
      'metadata/name': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      'spec/completionMode': 'Indexed',
      'spec/completions': 100,
    },
    'metadata.name: Invalid value: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": will not able to create pod with invalid DNS label: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-99',
  ],
});

refusedUpdates('updates of Jobs', indexed, {
  'another mode': [
    { 'spec/completionMode': 'NonIndexed' },
    'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    'spec.completionMode: Invalid value: "NonIndexed": field is immutable',
  ],
  'other completions': [
    { 'spec/completions': 4 },
    'spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism',
  ],
  'other completions and parallelism': [{ 'spec/completions': 4, 'spec/parallelism': 4 }],
  'no limit per index': [
    { 'spec/backoffLimitPerIndex': undefined },
    'spec.backoffLimitPerIndex: Invalid value: null: field is immutable',
  ],
  'another limit per index': [
    { 'spec/backoffLimitPerIndex': 2 },
    'spec.backoffLimitPerIndex: Invalid value: 2: field is immutable',
  ],
  'a manager': [
    { 'spec/managedBy': 'example.com/a' },
    'spec.managedBy: Invalid value: "example.com/a": field is immutable',
  ],
  'a failure policy': [
    { 'spec/podFailurePolicy': { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }] } },
    'spec.podFailurePolicy: Invalid value: {…}: field is immutable',
    'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
    'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
  ],
  'a success policy': [
    { 'spec/successPolicy': { rules: [{ succeededCount: 1 }] } },
    'spec.successPolicy: Invalid value: {…}: field is immutable',
  ],
  'another image': [
    { 'spec/template/spec/containers/0/image': 'example.com/main:2' },
    'spec.template: Invalid value: {…}: field is immutable',
  ],
});
