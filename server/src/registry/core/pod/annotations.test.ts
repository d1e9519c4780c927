import { type Kind, refusals, refusedUpdates } from '../../testing/rules.ts';

const pods: Kind = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  example: { spec: { containers: [{ name: 'main', image: 'example.com/main:1' }] } },
};

const annotated: Kind = {
  apiVersion: 'v1',
  kind: 'Pod',
  resource: 'pods',
  example: {
    metadata: { annotations: { 'container.apparmor.security.beta.kubernetes.io/main': 'unconfined' } },
    spec: {
      containers: [
        { name: 'main', image: 'example.com/main:1', securityContext: { appArmorProfile: { type: 'Unconfined' } } },
      ],
    },
  },
};

refusals('annotations of pods', pods, {
  'a mirror on no node': [
    { 'metadata/annotations': { 'kubernetes.io/config.mirror': 'x' } },
    'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
  ],
  'a cost of deletion': [
    { 'metadata/annotations': { 'controller.kubernetes.io/pod-deletion-cost': '+1' } },
    'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "+1": must be a 32bit integer',
  ],
  'a cost of deletion too high': [
    { 'metadata/annotations': { 'controller.kubernetes.io/pod-deletion-cost': '2147483648' } },
    'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "2147483648": must be a 32bit integer',
  ],
  'a cost of deletion below nothing': [
    { 'metadata/annotations': { 'controller.kubernetes.io/pod-deletion-cost': '-2147483648' } },
  ],
  'a cost of deletion of nothing': [
    { 'metadata/annotations': { 'controller.kubernetes.io/pod-deletion-cost': '' } },
    'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "": must be a 32bit integer',
  ],
  tolerations: [
    { 'metadata/annotations': { 'scheduler.alpha.kubernetes.io/tolerations': '[{"key":"a","operator":"X"}]' } },
    'metadata.annotations.scheduler.alpha.kubernetes.io/tolerations[0].operator: Unsupported value: "X": supported values: "Equal", "Exists"',
  ],
  'AppArmor of no container': [
    { 'metadata/annotations': { 'container.apparmor.security.beta.kubernetes.io/other': 'unconfined' } },
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/other]: Invalid value: "other": container not found',
  ],
  'AppArmor of nonsense': [
    { 'metadata/annotations': { 'container.apparmor.security.beta.kubernetes.io/main': 'x' } },
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/main]: Invalid value: "x": invalid AppArmor profile name: "x"',
  ],
  'AppArmor, a profile': [
    { 'metadata/annotations': { 'container.apparmor.security.beta.kubernetes.io/main': 'localhost/a' } },
  ],
  'AppArmor, no profile': [
    { 'metadata/annotations': { 'container.apparmor.security.beta.kubernetes.io/main': 'localhost/' } },
  ],
  'AppArmor, another type': [
    {
      'metadata/annotations': { 'container.apparmor.security.beta.kubernetes.io/main': 'runtime/default' },
      'spec/containers/0/securityContext': { appArmorProfile: { type: 'Unconfined' } },
    },
    'spec.containers[0].securityContext.appArmorProfile.type: Forbidden: apparmor type in annotation and field must match',
  ],
  'AppArmor, another profile': [
    {
      'metadata/annotations': { 'container.apparmor.security.beta.kubernetes.io/main': 'localhost/a' },
      'spec/containers/0/securityContext': { appArmorProfile: { type: 'Localhost', localhostProfile: 'b' } },
    },
    'spec.containers[0].securityContext.appArmorProfile.localhostProfile: Forbidden: apparmor profile in annotation and field must match',
  ],
  'AppArmor, not what the pod has': [
    {
      'metadata/annotations': { 'container.apparmor.security.beta.kubernetes.io/main': 'localhost/a' },
      'spec/securityContext': { appArmorProfile: { type: 'RuntimeDefault' } },
    },
  ],
  'seccomp of nonsense': [
    {
      'metadata/annotations': {
        'seccomp.security.alpha.kubernetes.io/pod': 'x',
        'container.seccomp.security.alpha.kubernetes.io/main': 'y',
      },
    },
    'metadata.annotations.container.seccomp.security.alpha.kubernetes.io/main: Invalid value: "y": must be a valid seccomp profile',
    'metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "x": must be a valid seccomp profile',
  ],
  'seccomp, steps back': [
    { 'metadata/annotations': { 'seccomp.security.alpha.kubernetes.io/pod': 'localhost/../a' } },
    'metadata.annotations.seccomp.security.alpha.kubernetes.io/pod: Invalid value: "../a": must not contain \'..\'',
  ],
  'seccomp, another type': [
    {
      'metadata/annotations': { 'seccomp.security.alpha.kubernetes.io/pod': 'unconfined' },
      'spec/securityContext': { seccompProfile: { type: 'RuntimeDefault' } },
    },
    'spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match',
  ],
  'seccomp, another profile': [
    {
      'metadata/annotations': { 'container.seccomp.security.alpha.kubernetes.io/main': 'localhost/a' },
      'spec/containers/0/securityContext': { seccompProfile: { type: 'Localhost', localhostProfile: 'b' } },
    },
    'spec.containers[0].securityContext.seccompProfile.localhostProfile: Forbidden: seccomp profile in annotation and field must match',
  ],
  'seccomp, the same': [
    {
      'metadata/annotations': { 'container.seccomp.security.alpha.kubernetes.io/main': 'docker/default' },
      'spec/containers/0/securityContext': { seccompProfile: { type: 'RuntimeDefault' } },
    },
  ],
});

refusedUpdates('annotations of a pod that is there', annotated, {
  'AppArmor no more': [
    { 'metadata/annotations': {} },
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/main]: Forbidden: may not remove or update AppArmor annotations',
  ],
  'AppArmor otherwise': [
    { 'metadata/annotations/container.apparmor.security.beta.kubernetes.io~1main': 'x' },
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/main]: Forbidden: may not remove or update AppArmor annotations',
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/main]: Invalid value: "x": invalid AppArmor profile name: "x"',
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/main]: Invalid value: "x": invalid AppArmor profile name: "x"',
  ],
  'AppArmor of another': [
    { 'metadata/annotations/container.apparmor.security.beta.kubernetes.io~1b': 'unconfined' },
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/b]: Forbidden: may not add AppArmor annotations',
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/b]: Invalid value: "b": container not found',
    'metadata.annotations[container.apparmor.security.beta.kubernetes.io/b]: Invalid value: "b": container not found',
  ],
  'a mirror': [
    { 'metadata/annotations/kubernetes.io~1config.mirror': 'x' },
    'metadata.annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation',
    'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
    'metadata.annotations[kubernetes.io/config.mirror]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set',
  ],
  'a cost of deletion': [
    { 'metadata/annotations/controller.kubernetes.io~1pod-deletion-cost': 'x' },
    'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "x": must be a 32bit integer',
    'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "x": must be a 32bit integer',
  ],
});
