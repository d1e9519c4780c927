import { type Kind, refusals } from '../../testing/rules.ts';

const pods: Kind = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  example: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] } },
};

refusals('probes and hooks', pods, {
  'no handler': [
    { 'spec/containers/0/livenessProbe': {} },
    'spec.containers[0].livenessProbe: Required value: must specify a handler type',
  ],
  'two handlers': [
    { 'spec/containers/0/livenessProbe': { exec: { command: ['a'] }, tcpSocket: { port: 1 } } },
    'spec.containers[0].livenessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
  ],
  'nothing to execute': [
    { 'spec/containers/0/livenessProbe': { exec: {} } },
    'spec.containers[0].livenessProbe.exec.command: Required value',
  ],
  HTTP: [
    {
      'spec/containers/0/livenessProbe': {
        httpGet: { port: 0, scheme: 'FTP', httpHeaders: [{ name: 'a b', value: 'c' }] },
      },
    },
    "spec.containers[0].livenessProbe.httpGet.httpHeaders: Invalid value: \"a b\": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
    'spec.containers[0].livenessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'spec.containers[0].livenessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
  ],
  'a named port': [
    { 'spec/containers/0/livenessProbe': { tcpSocket: { port: 'A b' } } },
    'spec.containers[0].livenessProbe.tcpSocket.port: Invalid value: "A b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
  ],
  'a port out of range': [
    { 'spec/containers/0/livenessProbe': { grpc: { port: 65536 } } },
    'spec.containers[0].livenessProbe.grpc.port: Invalid value: 65536: must be between 1 and 65535, inclusive',
  ],
  'negative numbers': [
    {
      'spec/containers/0/livenessProbe': {
        exec: { command: ['a'] },
        initialDelaySeconds: -1,
        timeoutSeconds: -1,
        periodSeconds: -1,
        successThreshold: -1,
        failureThreshold: -1,
      },
    },
    'spec.containers[0].livenessProbe.failureThreshold: Invalid value: -1: must be greater than or equal to 0',
    'spec.containers[0].livenessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.containers[0].livenessProbe.periodSeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.containers[0].livenessProbe.successThreshold: Invalid value: -1: must be 1',
    'spec.containers[0].livenessProbe.successThreshold: Invalid value: -1: must be greater than or equal to 0',
    'spec.containers[0].livenessProbe.timeoutSeconds: Invalid value: -1: must be greater than or equal to 0',
  ],
  'success twice': [
    { 'spec/containers/0/livenessProbe': { exec: { command: ['a'] }, successThreshold: 2 } },
    'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
  ],
  'a grace period of 0': [
    { 'spec/containers/0/livenessProbe': { exec: { command: ['a'] }, terminationGracePeriodSeconds: 0 } },
    'spec.containers[0].livenessProbe.terminationGracePeriodSeconds: Invalid value: 0: must be greater than 0',
  ],
  'a grace period for readiness': [
    { 'spec/containers/0/readinessProbe': { exec: { command: ['a'] }, terminationGracePeriodSeconds: 5 } },
    'spec.containers[0].readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes',
  ],
  hooks: [
    { 'spec/containers/0/lifecycle': { postStart: {}, preStop: { exec: { command: [] } } } },
    'spec.containers[0].lifecycle.postStart: Required value: must specify a handler type',
    'spec.containers[0].lifecycle.preStop.exec.command: Required value',
  ],
  'a long sleep': [
    { 'spec/containers/0/lifecycle': { preStop: { sleep: { seconds: 31 } } } },
    'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
  ],
  'a negative sleep': [
    { 'spec/containers/0/lifecycle': { preStop: { sleep: { seconds: -1 } } } },
    'spec.containers[0].lifecycle.preStop.sleep: Invalid value: -1: must be non-negative and less than terminationGracePeriodSeconds (30)',
  ],
  'a stop signal': [{ 'spec/containers/0/lifecycle': { stopSignal: 'SIGX' }, 'spec/os': { name: 'linux' } }],
  'a stop signal without system': [{ 'spec/containers/0/lifecycle': { stopSignal: 'SIGTERM' } }],
});
