import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { isForbidden, isNotFound, StatusError } from '@typernetes/openapi/meta';
import type { Node, PersistentVolumeClaim, Pod } from '@typernetes/openapi/types/core/v1';
import type { Ingress } from '@typernetes/openapi/types/networking/v1';
import { alwaysAllow, alwaysDeny } from '../../authorization/always.ts';
import { MemoryObjects } from '../../authorization/testing/memory-objects.ts';
import type { AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';
import { admit } from '../testing/attributes.ts';
import { admissionPlugins } from './index.ts';
import { mergeTolerations } from './tolerations.ts';

let objects: MemoryObjects;
let dependencies: AdmissionDependencies;
const only = (...names: string[]) => {
  const all = admissionPlugins(dependencies);
  return admissionPlugins(dependencies, {
    enable: names,
    disable: all.map((plugin) => plugin.name).filter((name) => !names.includes(name)),
  });
};
const pod = (spec: object = {}, metadata: object = {}): Pod =>
  ({ metadata: { name: 'p', ...metadata }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } }) as Pod;

beforeEach(() => {
  objects = new MemoryObjects();
  dependencies = {
    registry: objects,
    source: objects,
    authorizer: alwaysDeny,
    random: () => 0,
    now: () => new Date('2030-01-01T00:00:00Z'),
  };
  objects.put('namespaces', { metadata: { name: 'ns' } });
  objects.put('serviceaccounts', { metadata: { namespace: 'ns', name: 'default' } });
});

describe('the list', () => {
  test('default plugins run in upstream order, quota last', () => {
    const names = admissionPlugins(dependencies).map((plugin) => plugin.name);
    assert.equal(names[0], 'NamespaceLifecycle');
    assert.equal(names.at(-1), 'ResourceQuota');
    assert.ok(names.indexOf('ServiceAccount') < names.indexOf('PodSecurity'));
    assert.ok(!names.includes('NodeRestriction'));
    assert.ok(names.includes('NodeDeclaredFeatureValidator'));
    assert.ok(!names.includes('JobValidation'), 'its feature gate is off');
  });
  test('flags', () => {
    assert.ok(
      admissionPlugins(dependencies, { enable: ['NodeRestriction'] }).some(
        (plugin) => plugin.name === 'NodeRestriction',
      ),
    );
    assert.throws(
      () => admissionPlugins(dependencies, { enable: ['Nonsense'] }),
      /enable-admission-plugins plugin "Nonsense" is unknown/,
    );
    assert.throws(
      () => admissionPlugins(dependencies, { enable: ['Priority'], disable: ['Priority'] }),
      /\[Priority\] in enable-admission-plugins and disable-admission-plugins overlapped/,
    );
  });
});

describe('NamespaceLifecycle', () => {
  test('a namespace that is not there', async () => {
    await assert.rejects(
      admit(only('NamespaceLifecycle'), { line: 'create pods', object: pod(), namespace: 'none' }),
      (error) => {
        assert.ok(isNotFound(error));
        assert.equal(error.message, 'namespaces "none" not found');
        return true;
      },
    );
  });
  test('a namespace that goes away takes no more, but lets go', async () => {
    objects.put('namespaces', { metadata: { name: 'ns' }, status: { phase: 'Terminating' } } as object);
    await assert.rejects(admit(only('NamespaceLifecycle'), { line: 'create pods', object: pod() }), (error) => {
      assert.ok(isForbidden(error) && error instanceof StatusError);
      assert.equal(
        error.message,
        'pods "p" is forbidden: unable to create new content in namespace ns because it is being terminated',
      );
      assert.deepEqual(error.status.details?.causes, [
        { reason: 'NamespaceTerminating', message: 'namespace ns is being terminated', field: 'metadata.namespace' },
      ]);
      return true;
    });
    await admit(only('NamespaceLifecycle'), { line: 'update pods', object: pod(), oldObject: pod() });
    await admit(only('NamespaceLifecycle'), { line: 'delete pods', name: 'p', oldObject: pod() });
  });
  test('the three immortals, and access reviews anywhere', async () => {
    const remove = (name: string) =>
      admit(only('NamespaceLifecycle'), { line: 'delete namespaces', name, namespace: name });
    await assert.rejects(
      remove('kube-system'),
      /namespaces "kube-system" is forbidden: this namespace may not be deleted/,
    );
    await remove('ns');
    await admit(only('NamespaceLifecycle'), {
      line: 'create localsubjectaccessreviews.authorization.k8s.io',
      object: {},
      namespace: 'none',
    });
  });
});

describe('ServiceAccount', () => {
  const run = (object: Pod) => admit(only('ServiceAccount'), { line: 'create pods', object });
  test('name, token volume and mounts', async () => {
    const { object } = await run(
      pod({
        initContainers: [{ name: 'i' }],
        containers: [
          { name: 'a' },
          { name: 'b', volumeMounts: [{ name: 'own', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }] },
        ],
      }),
    );
    const { spec } = object as Pod;
    assert.equal(spec?.serviceAccountName, 'default');
    const [volume] = spec.volumes ?? [];
    assert.match(volume?.name ?? '', /^kube-api-access-[a-z0-9]{5}$/);
    assert.deepEqual(
      volume?.projected?.sources?.map((source) => Object.keys(source)[0]),
      ['serviceAccountToken', 'configMap', 'downwardAPI'],
    );
    const mount = { name: volume?.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
    assert.deepEqual(spec.initContainers?.[0]?.volumeMounts, [mount]);
    assert.deepEqual(spec.containers[0]?.volumeMounts, [mount]);
    assert.equal(spec.containers[1]?.volumeMounts?.length, 1);
  });
  test('the pod, then the account, may decline the token', async () => {
    assert.equal(((await run(pod({ automountServiceAccountToken: false }))).object as Pod).spec?.volumes, undefined);
    objects.put('serviceaccounts', {
      metadata: { namespace: 'ns', name: 'default' },
      automountServiceAccountToken: false,
    } as object);
    assert.equal(((await run(pod())).object as Pod).spec?.volumes, undefined);
    assert.equal(((await run(pod({ automountServiceAccountToken: true }))).object as Pod).spec?.volumes?.length, 1);
  });
  test('pull secrets are added where the pod has none', async () => {
    objects.put('serviceaccounts', {
      metadata: { namespace: 'ns', name: 'default' },
      imagePullSecrets: [{ name: 's' }],
    } as object);
    assert.deepEqual(((await run(pod())).object as Pod).spec?.imagePullSecrets, [{ name: 's' }]);
    assert.deepEqual(((await run(pod({ imagePullSecrets: [{ name: 'own' }] }))).object as Pod).spec?.imagePullSecrets, [
      { name: 'own' },
    ]);
  });
  test('an account that is not there', async () => {
    await assert.rejects(
      run(pod({ serviceAccountName: 'none' })),
      /pods "p" is forbidden: error looking up service account ns\/none: serviceaccount "none" not found/,
    );
  });
  test('the default account of a new namespace is waited for', async () => {
    objects.remove('serviceaccounts', 'ns', 'default');
    const running = run(pod());
    queueMicrotask(() => objects.put('serviceaccounts', { metadata: { namespace: 'ns', name: 'default' } }));
    assert.equal(((await running).object as Pod).spec?.serviceAccountName, 'default');
    assert.equal(objects.watchers(), 0);
  });
  test('mirror pods stay as they are and reference nothing', async () => {
    const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
    assert.equal(((await run(pod({}, mirror))).object as Pod).spec?.serviceAccountName, undefined);
    await assert.rejects(
      run(pod({ serviceAccountName: 'x' }, mirror)),
      /a mirror pod may not reference service accounts/,
    );
    await assert.rejects(
      run(pod({ volumes: [{ name: 'v', secret: { secretName: 's' } }] }, mirror)),
      /a mirror pod may not reference secrets/,
    );
  });
  test('enforce-mountable-secrets', async () => {
    objects.put('serviceaccounts', {
      metadata: {
        namespace: 'ns',
        name: 'default',
        annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' },
      },
      secrets: [{ name: 'ok' }],
    } as object);
    await run(pod({ volumes: [{ name: 'v', secret: { secretName: 'ok' } }] }));
    await assert.rejects(
      run(pod({ volumes: [{ name: 'v', secret: { secretName: 'no' } }] })),
      /volume with secret.secretName="no" is not allowed because service account default does not reference that secret/,
    );
  });
  test('enforce-mountable-secrets looks at new pods before they are validated, and at ephemeral containers', async () => {
    const annotations = { 'kubernetes.io/enforce-mountable-secrets': 'T' };
    objects.put('serviceaccounts', { metadata: { namespace: 'ns', name: 'default', annotations } });
    const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 'no', key: 'k' } } }];
    const [plugin] = only('ServiceAccount');
    const made = pod({ containers: [{ name: 'c', env }] });
    let seen: unknown;
    const mutating = { ...plugin, validate: () => undefined } as AdmissionPlugin;
    await admit([mutating], { line: 'create pods', object: made }).catch((error: unknown) => (seen = error));
    assert.match(
      String(seen),
      /forbidden: container c with envVar A referencing secret.secretName="no" is not allowed because service account default/,
    );
    const debugged = pod({ serviceAccountName: 'default', ephemeralContainers: [{ name: 'e', env }] });
    const line = 'update pods/ephemeralcontainers';
    await assert.rejects(admit(only('ServiceAccount'), { line, object: debugged, oldObject: pod() }), (error) => {
      assert.ok(error instanceof StatusError);
      assert.equal(error.status.code, 500);
      assert.match(error.message, /^ephemeral container e with envVar A referencing/);
      return true;
    });
  });
});

describe('Priority', () => {
  const run = (spec: object) => admit(only('Priority'), { line: 'create pods', object: pod(spec) });
  const put = (name: string, value: number, more: object = {}) =>
    objects.put('priorityclasses.scheduling.k8s.io', { metadata: { name }, value, ...more } as object);
  test('zero without classes, the default class, the named class', async () => {
    assert.equal(((await run({})).object as Pod).spec?.priority, 0);
    assert.equal(((await run({})).object as Pod).spec?.preemptionPolicy, 'PreemptLowerPriority');
    put('usual', 10, { globalDefault: true });
    put('high', 100, { preemptionPolicy: 'Never' });
    const usual = ((await run({})).object as Pod).spec;
    assert.deepEqual([usual?.priorityClassName, usual?.priority], ['usual', 10]);
    const high = ((await run({ priorityClassName: 'high' })).object as Pod).spec;
    assert.deepEqual([high?.priority, high?.preemptionPolicy], [100, 'Never']);
    assert.equal(
      ((await run({ priorityClassName: 'system-node-critical' })).object as Pod).spec?.priority,
      2_000_001_000,
    );
  });
  test('refusals', async () => {
    for (const name of ['none', 'constructor'])
      await assert.rejects(run({ priorityClassName: name }), {
        message: new RegExp(`no PriorityClass with name ${name} was found`),
      });
    await assert.rejects(
      run({ priority: 5 }),
      /the integer value of priority \(5\) must not be provided in pod spec; priority admission controller computed 0/,
    );
    put('usual', 10, { globalDefault: true });
    const second = { metadata: { name: 'second' }, value: 1, globalDefault: true };
    await assert.rejects(
      admit(only('Priority'), { line: 'create priorityclasses.scheduling.k8s.io', object: second, namespace: '' }),
      /PriorityClass usual is already marked as default/,
    );
  });
});

describe('tolerations and taints', () => {
  test('a pod leaves a dead node after five minutes unless it says otherwise', async () => {
    const run = async (tolerations: object[]) =>
      (
        (await admit(only('DefaultTolerationSeconds'), { line: 'create pods', object: pod({ tolerations }) }))
          .object as Pod
      ).spec?.tolerations?.map((item) => item.key);
    assert.deepEqual(await run([]), ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']);
    assert.deepEqual(await run([{ operator: 'Exists' }]), [undefined]);
    assert.deepEqual(await run([{ key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' }]), [
      'node.kubernetes.io/unreachable',
      'node.kubernetes.io/not-ready',
    ]);
  });
  test('a new node is not ready', async () => {
    const run = async (object: object) =>
      ((await admit(only('TaintNodesByCondition'), { line: 'create nodes', object, namespace: '' })).object as Node)
        .spec?.taints;
    const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
    assert.deepEqual(await run({ metadata: { name: 'n' } }), [taint]);
    assert.deepEqual(await run({ spec: { taints: [taint] } }), [taint]);
  });
  test('merging drops what is covered', () => {
    const all = { operator: 'Exists' } as const;
    const one = { key: 'a', operator: 'Equal', value: 'b', effect: 'NoSchedule' } as const;
    assert.deepEqual(mergeTolerations([one], [all]), [all]);
    assert.deepEqual(mergeTolerations([one], [one]), [one]);
    assert.deepEqual(mergeTolerations([one], [{ ...one, value: 'c' }]), [one, { ...one, value: 'c' }]);
  });
});

describe('classes and volumes', () => {
  test('claims and ingresses get the newest default class', async () => {
    const put = (resource: string, name: string, creationTimestamp: string, annotation: string) =>
      objects.put(resource, { metadata: { name, creationTimestamp, annotations: { [annotation]: 'true' } } });
    put('storageclasses.storage.k8s.io', 'old', '2020-01-01T00:00:00Z', 'storageclass.kubernetes.io/is-default-class');
    put('storageclasses.storage.k8s.io', 'new', '2021-01-01T00:00:00Z', 'storageclass.kubernetes.io/is-default-class');
    put(
      'ingressclasses.networking.k8s.io',
      'nginx',
      '2021-01-01T00:00:00Z',
      'ingressclass.kubernetes.io/is-default-class',
    );
    const claim = async (spec: object) =>
      (
        (await admit(only('DefaultStorageClass'), { line: 'create persistentvolumeclaims', object: { spec } }))
          .object as PersistentVolumeClaim
      ).spec?.storageClassName;
    assert.equal(await claim({}), 'new');
    assert.equal(await claim({ storageClassName: '' }), '');
    const ingress = (
      await admit(only('DefaultIngressClass'), { line: 'create ingresses.networking.k8s.io', object: { spec: {} } })
    ).object as Ingress;
    assert.equal(ingress.spec?.ingressClassName, 'nginx');
  });
  test('claims are protected while in use', async () => {
    const { object } = await admit(only('StorageObjectInUseProtection'), {
      line: 'create persistentvolumeclaims',
      object: {},
    });
    assert.deepEqual(object?.metadata?.finalizers, ['kubernetes.io/pvc-protection']);
  });
  test('claims grow if they are bound and their class allows it', async () => {
    const claim = (storage: string, phase = 'Bound', storageClassName = 'grows') => ({
      spec: { storageClassName, resources: { requests: { storage } } },
      status: { phase },
    });
    const run = (object: object, oldObject: object) =>
      admit(only('PersistentVolumeClaimResize'), { line: 'update persistentvolumeclaims', object, oldObject });
    objects.put('storageclasses.storage.k8s.io', { metadata: { name: 'grows' }, allowVolumeExpansion: true } as object);
    await run(claim('2Gi'), claim('1Gi'));
    await run(claim('1024Mi', 'Pending', 'x'), claim('1Gi', 'Pending', 'x'));
    await assert.rejects(
      run(claim('2Gi', 'Pending'), claim('1Gi', 'Pending')),
      /Only bound persistent volume claims can be expanded/,
    );
    await assert.rejects(
      run(claim('2Gi', 'Bound', 'x'), claim('1Gi', 'Bound', 'x')),
      /storageclass that provisions the pvc must support resize/,
    );
  });
});

describe('RuntimeClass', () => {
  const run = (spec: object) => admit(only('RuntimeClass'), { line: 'create pods', object: pod(spec) });
  test('overhead and scheduling become the pod’s', async () => {
    objects.put('runtimeclasses.node.k8s.io', {
      metadata: { name: 'kata' },
      overhead: { podFixed: { memory: '64Mi' } },
      scheduling: { nodeSelector: { vm: 'yes' }, tolerations: [{ key: 'vm', operator: 'Exists' }] },
    } as object);
    const { spec } = (await run({ runtimeClassName: 'kata', nodeSelector: { a: 'b' } })).object as Pod;
    assert.deepEqual(
      [spec?.overhead, spec?.nodeSelector, spec?.tolerations],
      [{ memory: '64Mi' }, { a: 'b', vm: 'yes' }, [{ key: 'vm', operator: 'Exists' }]],
    );
    await assert.rejects(
      run({ runtimeClassName: 'kata', nodeSelector: { vm: 'no' } }),
      /conflict: runtimeClass.scheduling.nodeSelector\[vm\] = yes; pod.spec.nodeSelector\[vm\] = no/,
    );
    await assert.rejects(
      run({ runtimeClassName: 'kata', overhead: { memory: '1Mi' } }),
      /Pod's Overhead doesn't match/,
    );
    await assert.rejects(run({ overhead: { memory: '1Mi' } }), /Pod Overhead set without corresponding RuntimeClass/);
    await assert.rejects(run({ runtimeClassName: 'none' }), /RuntimeClass "none" not found/);
    await run({ runtimeClassName: 'kata', overhead: { memory: '67108864' } });
  });
});

test('who asks for an extended resource tolerates its taint, for good', async () => {
  const containers = [{ name: 'c', resources: { requests: { 'example.com/gpu': '1', cpu: '1' } } }];
  const toleration = { key: 'example.com/gpu', operator: 'Exists', effect: 'NoSchedule' };
  const run = async (tolerations: object[]) => {
    const object = pod({ containers, tolerations });
    return ((await admit(only('ExtendedResourceToleration'), { line: 'create pods', object })).object as Pod).spec;
  };
  const other = { key: 'a', operator: 'Exists' };
  assert.deepEqual((await run([other]))?.tolerations, [other, toleration]);
  assert.deepEqual((await run([{ ...toleration, tolerationSeconds: 5 }, other]))?.tolerations, [toleration, other]);
});

test('topology labels come from the node, over the pod’s own', async () => {
  objects.put('nodes', {
    metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'z', 'kubernetes.io/os': 'linux' } },
  });
  const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } };
  const { object } = await admit(only('PodTopologyLabels'), { line: 'create pods/binding', object: binding });
  assert.deepEqual(object?.metadata?.labels, { 'topology.kubernetes.io/zone': 'z' });
  const bound = await admit(only('PodTopologyLabels'), {
    line: 'create pods',
    object: pod({ nodeName: 'n' }, { labels: { 'topology.kubernetes.io/zone': 'wrong' } }),
  });
  assert.deepEqual(bound.object?.metadata?.labels, { 'topology.kubernetes.io/zone': 'z' });
});

test('who may approve and sign is asked of the authorizer, for the signer and for its domain', async () => {
  const request = { spec: { signerName: 'example.com/x' }, status: {} };
  const signed = { ...request, status: { certificate: 'abc' } };
  const approve = () =>
    admit(only('CertificateApproval'), {
      line: 'update certificatesigningrequests.certificates.k8s.io/approval',
      object: request,
      oldObject: request,
      namespace: '',
      name: 'r',
    });
  const sign = (object: object) =>
    admit(only('CertificateSigning'), {
      line: 'update certificatesigningrequests.certificates.k8s.io/status',
      object,
      oldObject: request,
      namespace: '',
      name: 'r',
    });
  await assert.rejects(approve(), /user not permitted to approve requests with signerName "example.com\/x"/);
  await assert.rejects(sign(signed), /user not permitted to sign requests/);
  await sign(request);
  const asked: string[] = [];
  dependencies.authorizer = {
    authorize: async ({ verb, name }) => (
      asked.push(`${verb} ${name}`), { decision: name === 'example.com/*' ? 'allow' : 'noOpinion', reason: '' }
    ),
  };
  await approve();
  assert.deepEqual(asked, ['approve example.com/x', 'approve example.com/*']);
  dependencies.authorizer = alwaysAllow;
  await sign(signed);
});

test('AlwaysPullImages, DenyServiceExternalIPs, NamespaceAutoProvision when asked for', async () => {
  const pulled = await admit(only('AlwaysPullImages'), { line: 'create pods', object: pod() });
  assert.equal((pulled.object as Pod).spec?.containers[0]?.imagePullPolicy, 'Always');
  const service = { spec: { externalIPs: ['192.0.2.1'] } };
  await assert.rejects(
    admit(only('DenyServiceExternalIPs'), { line: 'create services', object: service }),
    /Use of external IPs is denied/,
  );
  await admit(only('DenyServiceExternalIPs'), { line: 'update services', object: service, oldObject: service });
  await admit(only('NamespaceAutoProvision'), { line: 'create pods', object: pod(), namespace: 'fresh' });
  assert.ok(await objects.get({ group: '', resource: 'namespaces' }, '', 'fresh'));
});

test('images that a webhook set back', async () => {
  const [plugin] = only('AlwaysPullImages');
  const validating = { ...plugin, admit: () => undefined } as AdmissionPlugin;
  const containers = ['a', 'b'].map((name) => ({ name, image: 'i', imagePullPolicy: 'Never' }));
  await assert.rejects(admit([validating], { line: 'create pods', object: pod({ containers }) }), (error) => {
    assert.ok(error instanceof StatusError);
    assert.equal(error.status.code, 500);
    const of = (index: number) =>
      `pods "p" is forbidden: spec.containers[${index}].imagePullPolicy: Unsupported value: "Never": supported values: "Always"`;
    assert.equal(error.message, `[${of(0)}, ${of(1)}]`);
    return true;
  });
});

test('owner references take rights on what is owned and on the owner', async () => {
  const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u' };
  const owned = (blockOwnerDeletion: boolean) => pod({}, { ownerReferences: [{ ...owner, blockOwnerDeletion }] });
  const plugin = () => only('OwnerReferencesPermissionEnforcement');
  await admit(plugin(), { line: 'create pods', object: owned(false) });
  await assert.rejects(
    admit(plugin(), { line: 'update pods', object: owned(false), oldObject: pod() }),
    /cannot set an ownerRef on a resource you can't delete/,
  );
  await assert.rejects(
    admit(plugin(), { line: 'create pods', object: owned(true) }),
    /resource you can't set finalizers on/,
  );
  dependencies.authorizer = {
    authorize: async ({ resource, subresource }) => ({
      decision: resource === 'replicasets' && subresource === 'finalizers' ? 'allow' : 'noOpinion',
      reason: '',
    }),
  };
  await admit(plugin(), { line: 'create pods', object: owned(true) });
  const custom = pod(
    {},
    { ownerReferences: [{ ...owner, apiVersion: 'example.com/v1', kind: 'Widget', blockOwnerDeletion: true }] },
  );
  await assert.rejects(
    admit(plugin(), { line: 'create pods', object: custom }),
    /cannot find RESTMapping for APIVersion example.com\/v1 Kind Widget: no matches for kind "Widget" in version/,
  );
  dependencies.objects = {
    params: ({ group, version }: { group: string; version: string }) => ({
      resource: { group, version, resource: 'replicasets' },
      namespaced: true,
    }),
  } as never;
  await admit(plugin(), { line: 'create pods', object: custom });
});
