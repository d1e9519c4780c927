import { type Kind, refusals } from '../../testing/rules.ts';

const pods: Kind = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  example: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] } },
};

refusals('Windows', pods, {
  'options of Windows on Linux': [
    {
      'spec/os': { name: 'linux' },
      'spec/securityContext': { windowsOptions: { runAsUserName: 'a' } },
      'spec/containers/0/securityContext': { windowsOptions: { runAsUserName: 'a' } },
    },
    'spec.containers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
    'spec.securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
  ],
  'what only Linux has': [
    {
      'spec/os': { name: 'windows' },
      'spec/hostPID': true,
      'spec/hostIPC': true,
      'spec/hostUsers': false,
      'spec/shareProcessNamespace': true,
      'spec/securityContext': {
        fsGroup: 1,
        fsGroupChangePolicy: 'Always',
        runAsUser: 1,
        runAsGroup: 1,
        seLinuxOptions: { level: 'a' },
        seccompProfile: { type: 'Unconfined' },
        appArmorProfile: { type: 'Unconfined' },
        supplementalGroups: [1],
        supplementalGroupsPolicy: 'Merge',
        sysctls: [{ name: 'a.b', value: '1' }],
        seLinuxChangePolicy: 'Recursive',
      },
    },
    'spec.HostIPC: Forbidden: when `hostUsers` is false',
    'spec.HostPID: Forbidden: when `hostUsers` is false',
    'spec.hostIPC: Forbidden: cannot be set for a windows pod',
    'spec.hostPID: Forbidden: cannot be set for a windows pod',
    'spec.hostUsers: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.appArmorProfile: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.fsGroupChangePolicy: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.runAsGroup: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.runAsUser: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.seLinuxChangePolicy: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.seLinuxOptions: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.seccompProfile: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.shareProcessNamespace: Invalid value: true: ShareProcessNamespace and HostPID cannot both be enabled',
    'spec.securityContext.supplementalGroups: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.supplementalGroupsPolicy: Forbidden: cannot be set for a windows pod',
    'spec.securityContext.sysctls: Forbidden: cannot be set for a windows pod',
    'spec.shareProcessNamespace: Forbidden: cannot be set for a windows pod',
  ],
  'what only containers of Linux have': [
    {
      'spec/os': { name: 'windows' },
      'spec/containers/0/securityContext': {
        appArmorProfile: { type: 'Unconfined' },
        seLinuxOptions: { level: 'a' },
        seccompProfile: { type: 'Unconfined' },
        capabilities: { add: ['A'] },
        readOnlyRootFilesystem: true,
        privileged: true,
        allowPrivilegeEscalation: true,
        procMount: 'Default',
        runAsUser: 1,
        runAsGroup: 1,
      },
    },
    'spec.containers[0].securityContext.allowPrivilegeEscalation: Forbidden: cannot be set for a windows pod',
    'spec.containers[0].securityContext.appArmorProfile: Forbidden: cannot be set for a windows pod',
    'spec.containers[0].securityContext.capabilities: Forbidden: cannot be set for a windows pod',
    'spec.containers[0].securityContext.privileged: Forbidden: cannot be set for a windows pod',
    'spec.containers[0].securityContext.procMount: Forbidden: cannot be set for a windows pod',
    'spec.containers[0].securityContext.readOnlyRootFilesystem: Forbidden: cannot be set for a windows pod',
    'spec.containers[0].securityContext.runAsGroup: Forbidden: cannot be set for a windows pod',
    'spec.containers[0].securityContext.runAsUser: Forbidden: cannot be set for a windows pod',
    'spec.containers[0].securityContext.seLinuxOptions: Forbidden: cannot be set for a windows pod',
    'spec.containers[0].securityContext.seccompProfile: Forbidden: cannot be set for a windows pod',
  ],
  'an empty credential': [
    {
      'spec/containers/0/securityContext': {
        windowsOptions: { gmsaCredentialSpecName: 'A b', gmsaCredentialSpec: '' },
      },
    },
    'spec.containers[0].securityContext.windowsOptions.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string',
    "spec.containers[0].securityContext.windowsOptions.gmsaCredentialSpecName: Invalid value: \"A b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  'no user': [
    { 'spec/containers/0/securityContext': { windowsOptions: { runAsUserName: '' } } },
    'spec.containers[0].securityContext.windowsOptions.runAsUserName: Invalid value: "": runAsUserName cannot be an empty string',
  ],
  'two backslashes': [
    { 'spec/containers/0/securityContext': { windowsOptions: { runAsUserName: 'a\\b\\c' } } },
    'spec.containers[0].securityContext.windowsOptions.runAsUserName: Invalid value: "a\\\\b\\\\c": runAsUserName cannot contain more than one backslash',
  ],
  'a domain': [
    { 'spec/containers/0/securityContext': { windowsOptions: { runAsUserName: 'a b?\\c' } } },
    'spec.containers[0].securityContext.windowsOptions.runAsUserName: Invalid value: "a b?\\\\c": runAsUserName\'s Domain doesn\'t match the NetBios nor the DNS format',
  ],
  'a domain without user': [
    { 'spec/containers/0/securityContext': { windowsOptions: { runAsUserName: 'a\\' } } },
    'spec.containers[0].securityContext.windowsOptions.runAsUserName: Invalid value: "a\\\\": runAsUserName\'s User cannot be empty',
  ],
  'a long user': [
    {
      'spec/containers/0/securityContext': {
        windowsOptions: {
          runAsUserName:
            'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
        },
      },
    },
    'spec.containers[0].securityContext.windowsOptions.runAsUserName: Invalid value: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": runAsUserName\'s User length must not be longer than 104 characters',
  ],
  'a user of dots': [
    { 'spec/containers/0/securityContext': { windowsOptions: { runAsUserName: '. .' } } },
    'spec.containers[0].securityContext.windowsOptions.runAsUserName: Invalid value: ". .": runAsUserName\'s User cannot contain only periods or spaces',
  ],
  'a user with signs': [
    { 'spec/containers/0/securityContext': { windowsOptions: { runAsUserName: 'a|b' } } },
    'spec.containers[0].securityContext.windowsOptions.runAsUserName: Invalid value: "a|b": runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]',
  ],
  'host processes that differ': [
    {
      'spec/hostNetwork': true,
      'spec/securityContext': { windowsOptions: { hostProcess: true } },
      'spec/containers/0/securityContext': { windowsOptions: { hostProcess: false } },
    },
    'spec.containers[0].securityContext.windowsOptions.hostProcess: Invalid value: false: pod hostProcess value must be identical if both are specified, was true',
  ],
  'host processes without the host’s network': [
    { 'spec/securityContext': { windowsOptions: { hostProcess: true } } },
    'spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
  ],
  'one host process': [
    {
      'spec/hostNetwork': true,
      'spec/containers/0/securityContext': { windowsOptions: { hostProcess: true } },
      'spec/containers/1': { name: 'b', image: 'x' },
    },
    'spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers',
  ],
});
