import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { isInvalid } from '@typernetes/openapi/meta';
import { alwaysDeny } from '../../../authorization/always.ts';
import { MemoryObjects } from '../../../authorization/testing/memory-objects.ts';
import { admit } from '../../testing/attributes.ts';
import type { PodTemplate } from './check.ts';
import { evaluate, printViolations } from './evaluate.ts';
import { podSecurity } from './index.ts';

const label = 'pod-security.kubernetes.io/';
const safe = {
  allowPrivilegeEscalation: false,
  runAsNonRoot: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};
const template = (spec: object, securityContext: object = {}, metadata: object = {}): PodTemplate =>
  ({ metadata, spec: { containers: [{ name: 'c', image: 'i', securityContext }], ...spec } }) as PodTemplate;
const check = (level: 'baseline' | 'restricted', pod: PodTemplate, minor?: number): string =>
  printViolations(evaluate({ level, minor }, pod));

test('a pod of a namespace that is not there is not let in unseen', async () => {
  const registry = new MemoryObjects();
  const plugin = podSecurity({ registry, authorizer: alwaysDeny });
  await assert.rejects(
    admit([plugin], { line: 'create pods', namespace: 'gone', object: { spec: template({}).spec } }),
    /failed to lookup namespace "gone"/,
  );
});

describe('baseline', () => {
  const table: [string, PodTemplate, string][] = [
    ['a plain pod', template({}), ''],
    [
      'host namespaces',
      template({ hostNetwork: true, hostPID: true }),
      'host namespaces (hostNetwork=true, hostPID=true)',
    ],
    [
      'privileged',
      template({}, { privileged: true }),
      'privileged (container "c" must not set securityContext.privileged=true)',
    ],
    [
      'capabilities',
      template({}, { capabilities: { add: ['NET_ADMIN', 'CHOWN'] } }),
      'non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add)',
    ],
    ['hostPath', template({ volumes: [{ name: 'v', hostPath: { path: '/' } }] }), 'hostPath volumes (volume "v")'],
    [
      'hostPort',
      template({
        containers: [
          { name: 'a', ports: [{ hostPort: 80 }] },
          { name: 'b', ports: [{ hostPort: 81 }] },
        ],
      }),
      'hostPort (containers "a", "b" use hostPorts 80, 81)',
    ],
    [
      'sysctls',
      template({ securityContext: { sysctls: [{ name: 'kernel.msgmax' }, { name: 'net.ipv4.tcp_rmem' }] } }),
      'forbidden sysctls (kernel.msgmax)',
    ],
    [
      'seccomp',
      template({}, { seccompProfile: { type: 'Unconfined' } }),
      'seccompProfile (container "c" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'apparmor',
      template({}, {}, { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' } }),
      'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c="unconfined"")',
    ],
    [
      'selinux',
      template({ securityContext: { seLinuxOptions: { type: 'x', user: 'u' } } }),
      'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "x"; user may not be set)',
    ],
    [
      'procMount',
      template({}, { procMount: 'Unmasked' }),
      'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    ],
    ['procMount in a user namespace', template({ hostUsers: false }, { procMount: 'Unmasked' }), ''],
    [
      'probe hosts',
      template({ containers: [{ name: 'c', livenessProbe: { httpGet: { host: '10.0.0.1' } } }] }),
      'probe or lifecycle host (container "c" uses probe or lifecycle host "10.0.0.1")',
    ],
    [
      'host process',
      template({ securityContext: { windowsOptions: { hostProcess: true } } }),
      'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
    ],
    [
      'ephemeral containers count',
      template({ ephemeralContainers: [{ name: 'e', securityContext: { privileged: true } }] }),
      'privileged (container "e" must not set securityContext.privileged=true)',
    ],
  ];
  for (const [what, pod, expected] of table) test(what, () => assert.equal(check('baseline', pod), expected));
});

describe('restricted', () => {
  const table: [string, PodTemplate, string][] = [
    ['a hardened pod', template({}, safe), ''],
    [
      'a plain pod',
      template({}),
      'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    ],
    [
      'the pod may speak for its containers',
      template(
        { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } },
        { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } },
      ),
      '',
    ],
    [
      'volumes',
      template(
        {
          volumes: [
            { name: 'a', hostPath: {} },
            { name: 'b', nfs: {} },
            { name: 'c', emptyDir: {} },
          ],
        },
        safe,
      ),
      'restricted volume types (volumes "a", "b" use restricted volume types "hostPath", "nfs")',
    ],
    ['root', template({}, { ...safe, runAsUser: 0 }), 'runAsUser=0 (container "c" must not set runAsUser=0)'],
    ['windows', template({ os: { name: 'windows' }, securityContext: { runAsNonRoot: true } }), ''],
  ];
  for (const [what, pod, expected] of table) test(what, () => assert.equal(check('restricted', pod), expected));
  test('older versions know less', () => {
    assert.equal(check('restricted', template({}, { runAsNonRoot: true }), 0), '');
    assert.match(
      check('restricted', template({ os: { name: 'windows' } }, { runAsNonRoot: true }), 24),
      /allowPrivilegeEscalation/,
    );
    assert.equal(
      check('baseline', template({ containers: [{ name: 'c', livenessProbe: { tcpSocket: { host: 'h' } } }] }), 33),
      '',
    );
  });
});

describe('admission', () => {
  let objects: MemoryObjects;
  const run = (line: string, object: object, oldObject?: object) =>
    admit([podSecurity({ registry: objects, authorizer: alwaysDeny })], {
      line,
      object,
      ...(oldObject ? { oldObject } : {}),
    });
  const put = (labels: Record<string, string>) => objects.put('namespaces', { metadata: { name: 'ns', labels } });
  const bad = { metadata: { name: 'p' }, spec: { hostNetwork: true, containers: [{ name: 'c', image: 'i' }] } };
  beforeEach(() => (objects = new MemoryObjects()));

  test('enforce refuses pods, warns of what makes them', async () => {
    put({ [`${label}enforce`]: 'baseline' });
    await assert.rejects(
      run('create pods', bad),
      /pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces \(hostNetwork=true\)/,
    );
    const { warnings } = await run('create deployments.apps', { metadata: { name: 'd' }, spec: { template: bad } });
    assert.deepEqual(warnings, ['would violate PodSecurity "baseline:latest": host namespaces (hostNetwork=true)']);
  });
  test('without labels everything passes in silence', async () => {
    put({});
    assert.deepEqual((await run('create pods', bad)).warnings, []);
  });
  test('warn and audit tell', async () => {
    put({ [`${label}warn`]: 'baseline', [`${label}audit`]: 'restricted', [`${label}audit-version`]: 'v1.20' });
    const { warnings, annotations } = await run('create pods', bad);
    assert.equal(warnings.length, 1);
    assert.match(
      annotations['pod-security.kubernetes.io/audit-violations'] ?? '',
      /^would violate PodSecurity "restricted:v1.20"/,
    );
  });
  test('wrong labels: refused on the namespace, enforced as restricted where they slipped in', async () => {
    const namespace = { metadata: { name: 'ns', labels: { [`${label}enforce`]: 'strict' } } };
    await assert.rejects(
      run('create namespaces', namespace),
      (error) => isInvalid(error) && /must be one of privileged, baseline, restricted/.test(error.message),
    );
    await run('update namespaces', namespace, namespace);
    put({ [`${label}enforce`]: 'strict' });
    await assert.rejects(run('create pods', bad), /violates PodSecurity "restricted:latest"/);
  });
  test('updates that change no image pass; new ephemeral containers are looked at', async () => {
    put({ [`${label}enforce`]: 'baseline' });
    await run('update pods', bad, bad);
    const debugged = { ...bad, spec: { ...bad.spec, ephemeralContainers: [{ name: 'e', image: 'x' }] } };
    await assert.rejects(run('update pods/ephemeralcontainers', debugged, bad), /violates PodSecurity/);
    await run('update pods/status', debugged, bad);
  });
  test('a stricter label warns about the pods that are there', async () => {
    for (const name of ['b', 'a', 'c'])
      objects.put('pods', { metadata: { namespace: 'ns', name }, spec: bad.spec } as object);
    const before = { metadata: { name: 'ns' } };
    const { warnings } = await run(
      'update namespaces',
      { metadata: { name: 'ns', labels: { [`${label}enforce`]: 'baseline' } } },
      before,
    );
    assert.deepEqual(warnings, [
      'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
      'a (and 2 other pods): host namespaces',
    ]);
  });
});
