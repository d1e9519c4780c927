import { type Kind, refusals } from '../../testing/rules.ts';

const pods: Kind = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  example: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] } },
};

refusals('containers', pods, {
  'no name, no image': [
    { 'spec/containers/0/name': undefined, 'spec/containers/0/image': undefined },
    'spec.containers[0].image: Required value',
    'spec.containers[0].name: Required value',
  ],
  'a bad name, spaces around the image': [
    { 'spec/containers/0/name': 'A', 'spec/containers/0/image': ' x ' },
    'spec.containers[0].image: Invalid value: " x ": must not have leading or trailing whitespace',
    "spec.containers[0].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  'one name twice': [
    { 'spec/containers/1': { name: 'main', image: 'x' } },
    'spec.containers[1].name: Duplicate value: "main"',
  ],
  policies: [
    { 'spec/containers/0/terminationMessagePolicy': 'X', 'spec/containers/0/imagePullPolicy': 'X' },
    'spec.containers[0].imagePullPolicy: Unsupported value: "X": supported values: "Always", "IfNotPresent", "Never"',
    'spec.containers[0].terminationMessagePolicy: Unsupported value: "X": supported values: "File", "FallbackToLogsOnError"',
  ],
  ports: [
    {
      'spec/containers/0/ports': [
        { containerPort: 0 },
        { containerPort: 65536, hostPort: -1, protocol: 'X' },
        { name: 'A b', containerPort: 1 },
        { name: 'a', containerPort: 1 },
        { name: 'a', containerPort: 2 },
      ],
    },
    'spec.containers[0].ports[0].containerPort: Required value',
    'spec.containers[0].ports[1].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive',
    'spec.containers[0].ports[1].hostPort: Invalid value: -1: must be between 1 and 65535, inclusive',
    'spec.containers[0].ports[1].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
    'spec.containers[0].ports[2].name: Invalid value: "A b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    'spec.containers[0].ports[4].name: Duplicate value: "a"',
  ],
  'a host port twice': [
    {
      'spec/containers/0/ports': [
        { containerPort: 80, hostPort: 8080 },
        { containerPort: 81, hostPort: 8080 },
      ],
    },
    'spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//8080"',
  ],
  'a host address': [{ 'spec/containers/0/ports': [{ containerPort: 80, hostPort: 80, hostIP: 'x' }] }],
  'restart rules without policy': [
    { 'spec/containers/0/restartPolicyRules': [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }] },
    'spec.containers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used',
  ],
  'restart rules': [
    {
      'spec/containers/0/restartPolicy': 'Never',
      'spec/containers/0/restartPolicyRules': [
        { action: 'X' },
        { action: 'Restart', exitCodes: { operator: 'X', values: [1] } },
        {},
      ],
    },
    'spec.containers[0].restartPolicyRules[0].action: Unsupported value: "X": supported values: "Restart", "RestartAllContainers"',
    'spec.containers[0].restartPolicyRules[0].exitCodes: Required value: must be specified',
    'spec.containers[0].restartPolicyRules[1].exitCodes.operator: Unsupported value: "X": supported values: "In", "NotIn"',
    'spec.containers[0].restartPolicyRules[2].action: Unsupported value: "": supported values: "Restart", "RestartAllContainers"',
    'spec.containers[0].restartPolicyRules[2].exitCodes: Required value: must be specified',
  ],
  'a restart policy': [
    { 'spec/containers/0/restartPolicy': 'X' },
    'spec.containers[0].restartPolicy: Unsupported value: "X": supported values: "Always", "Never", "OnFailure"',
  ],
  '21 restart rules': [
    {
      'spec/containers/0/restartPolicy': 'Never',
      'spec/containers/0/restartPolicyRules': [
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
      ],
    },
    'spec.containers[0].restartPolicyRules: Too many: 21: must have at most 20 items',
  ],
  'an init container of a container’s name': [
    { 'spec/initContainers': [{ name: 'main', image: 'x' }] },
    'spec.initContainers[0].name: Duplicate value: "main"',
  ],
  'an init container with what only running ones have': [
    {
      'spec/initContainers': [
        {
          name: 'i',
          image: 'x',
          lifecycle: { preStop: { exec: { command: ['a'] } } },
          livenessProbe: { exec: { command: ['a'] } },
          readinessProbe: { exec: { command: ['a'] } },
          startupProbe: { exec: { command: ['a'] } },
        },
      ],
    },
    'spec.initContainers[0].lifecycle: Forbidden: may not be set for init containers without restartPolicy=Always',
    'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    'spec.initContainers[0].readinessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
    'spec.initContainers[0].startupProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
  ],
  'an init container resized by restart': [
    {
      'spec/initContainers': [
        { name: 'i', image: 'x', resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] },
      ],
    },
    'spec.initContainers[0].resizePolicy[0].restartPolicy: Invalid value: "RestartContainer": must not be set to \'RestartContainer\' for non-sidecar initContainers',
  ],
  'an init container’s restart policy': [
    { 'spec/initContainers': [{ name: 'i', image: 'x', restartPolicy: 'X' }] },
    'spec.initContainers[0].restartPolicy: Unsupported value: "X": supported values: "Always", "Never", "OnFailure"',
  ],
  'a sidecar’s probe': [
    { 'spec/initContainers': [{ name: 'i', image: 'x', restartPolicy: 'Always', livenessProbe: {} }] },
    'spec.initContainers[0].livenessProbe: Required value: must specify a handler type',
  ],
  resources: [
    {
      'spec/containers/0/resources': {
        limits: { cpu: '1', nonsense: '1', 'hugepages-2Mi': '3Mi' },
        requests: { cpu: '2', 'example.com/a': '1' },
      },
    },
    'spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources',
    'spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
    'spec.containers[0].resources.limits[nonsense]: Invalid value: "nonsense": must be a standard resource for containers',
    'spec.containers[0].resources.limits[nonsense]: Invalid value: "nonsense": must be a standard resource type or fully qualified',
    'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
    'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
    'spec.containers[0].resources.requests[nonsense]: Invalid value: "nonsense": must be a standard resource for containers',
    'spec.containers[0].resources.requests[nonsense]: Invalid value: "nonsense": must be a standard resource type or fully qualified',
  ],
  'fractions of what is whole': [
    { 'spec/containers/0/resources': { limits: { 'example.com/a': '1500m', 'hugepages-2Mi': '2Mi' } } },
    'spec.containers[0].resources.limits[example.com/a]: Invalid value: "1500m": must be an integer',
    'spec.containers[0].resources.requests[example.com/a]: Invalid value: "1500m": must be an integer',
    'spec.containers[0].resources: Forbidden: HugePages require cpu or memory',
  ],
  'requests that must be limits': [
    { 'spec/containers/0/resources': { limits: { 'example.com/a': '2' }, requests: { 'example.com/a': '1' } } },
    'spec.containers[0].resources.requests: Invalid value: "1": must be equal to example.com/a limit of 2',
  ],
  negative: [
    { 'spec/containers/0/resources': { limits: { cpu: '-1' } } },
    'spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    'spec.containers[0].resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  claims: [
    {
      'spec/containers/0/resources': { claims: [{ name: 'a' }, { name: 'b' }, { name: 'b' }, {}] },
      'spec/resourceClaims': [{ name: 'b', resourceClaimName: 'x' }],
    },
    'spec.containers[0].resources.claims[0]: Not found: "a": must be one of the names in pod.spec.resourceClaims: b',
    'spec.containers[0].resources.claims[2]: Duplicate value: "b"',
    'spec.containers[0].resources.claims[3]: Required value',
  ],
  'claims and requests of them': [
    {
      'spec/containers/0/resources': {
        claims: [{ name: 'b', request: 'r' }, { name: 'b' }, { name: 'b', request: 'a b' }],
      },
      'spec/resourceClaims': [{ name: 'b', resourceClaimName: 'x' }],
    },
    'spec.containers[0].resources.claims[1]: Duplicate value: "b"',
    'spec.containers[0].resources.claims[2]: Duplicate value: "b"',
  ],
  'claims of a pod without': [
    { 'spec/containers/0/resources': { claims: [{ name: 'a', request: 'r' }] } },
    'spec.containers[0].resources.claims[0]: Not found: "a": must be one of the names in pod.spec.resourceClaims which is empty',
  ],
  'resize policies': [
    {
      'spec/containers/0/resizePolicy': [
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
        { resourceName: 'cpu', restartPolicy: 'X' },
        { resourceName: 'disk', restartPolicy: 'NotRequired' },
      ],
    },
    'spec.containers[0].resizePolicy: Unsupported value: "X": supported values: "NotRequired", "RestartContainer"',
    'spec.containers[0].resizePolicy: Unsupported value: "disk": supported values: "cpu", "memory"',
    'spec.containers[0].resizePolicy[1]: Duplicate value: "cpu"',
  ],
  'resizing by restart of a pod that never does': [
    {
      'spec/restartPolicy': 'Never',
      'spec/containers/0/resizePolicy': [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }],
    },
    "spec.containers[0].resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when pod `restartPolicy` is 'Never'",
  ],
});
