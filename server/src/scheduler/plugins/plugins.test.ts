import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, Node, Pod, Taint, Toleration } from '@typernetes/openapi/types/core/v1';
import { NodeInfo } from '../framework/node-info.ts';
import { podInfo } from '../framework/pod-info.ts';
import { podRequests } from '../framework/resources.ts';
import { feasibleNodesToFind } from '../scheduler.ts';
import { nodeAffinity, requiredNodeAffinityMatches } from './node-affinity.ts';
import { nodeResourcesBalancedAllocation, nodeResourcesFit } from './node-resources.ts';
import { nodePorts } from './simple-filters.ts';
import { nodeUnschedulable, taintToleration } from './taints.ts';

const node = (
  options: {
    labels?: Record<string, string>;
    taints?: Taint[];
    allocatable?: Record<string, string>;
    spec?: Node['spec'];
  } = {},
): NodeInfo =>
  new NodeInfo('node', {
    metadata: { name: 'node', labels: options.labels ?? {} },
    spec: { ...options.spec, ...(options.taints ? { taints: options.taints } : {}) },
    status: { allocatable: options.allocatable ?? { cpu: '4', memory: '8Gi', pods: '10' } },
  });

const container = (requests: Record<string, string>, more: Partial<Container> = {}): Container => ({
  name: 'c',
  resources: { requests },
  ...more,
});
const pod = (spec: Partial<Pod['spec']>, name = 'pod'): Pod => ({
  metadata: { name, uid: name },
  spec: { containers: [], ...spec },
});
const state = new Map<string, unknown>();

describe('requests of a pod', () => {
  const cases: [name: string, spec: Partial<Pod['spec']>, milliCpu: number][] = [
    ['sum of containers', { containers: [container({ cpu: '100m' }), container({ cpu: '1' })] }, 1100],
    [
      'a larger init container',
      { initContainers: [container({ cpu: '2' })], containers: [container({ cpu: '1' })] },
      2000,
    ],
    [
      'sidecars add to containers',
      {
        initContainers: [container({ cpu: '300m' }, { restartPolicy: 'Always' })],
        containers: [container({ cpu: '1' })],
      },
      1300,
    ],
    [
      'sidecars add to later init containers',
      {
        initContainers: [container({ cpu: '1' }, { restartPolicy: 'Always' }), container({ cpu: '2' })],
        containers: [container({ cpu: '1' })],
      },
      3000,
    ],
    [
      'but not to earlier ones',
      {
        initContainers: [container({ cpu: '2' }), container({ cpu: '500m' }, { restartPolicy: 'Always' })],
        containers: [container({ cpu: '1' })],
      },
      2000,
    ],
    ['the pod as a whole', { resources: { requests: { cpu: '5' } }, containers: [container({ cpu: '1' })] }, 5000],
    ['overhead', { overhead: { cpu: '250m' }, containers: [container({ cpu: '1' })] }, 1250],
  ];
  for (const [name, spec, milliCpu] of cases) it(name, () => assert.equal(podRequests(pod(spec)).milliCpu, milliCpu));
});

describe('NodeResourcesFit', () => {
  const cases: [
    name: string,
    requests: Record<string, string>,
    used: Record<string, string>,
    code: string | undefined,
    reasons: string[],
  ][] = [
    ['fits', { cpu: '1' }, { cpu: '3' }, undefined, []],
    ['too much CPU for now', { cpu: '2' }, { cpu: '3' }, 'unschedulable', ['Insufficient cpu']],
    ['too much CPU for ever', { cpu: '5' }, {}, 'unschedulableAndUnresolvable', ['Insufficient cpu']],
    [
      'CPU and memory',
      { cpu: '2', memory: '5Gi' },
      { cpu: '3', memory: '4Gi' },
      'unschedulable',
      ['Insufficient cpu', 'Insufficient memory'],
    ],
    [
      'a resource the node does not have',
      { 'example.com/gpu': '1' },
      {},
      'unschedulableAndUnresolvable',
      ['Insufficient example.com/gpu'],
    ],
    ['nothing asked', {}, { cpu: '4', memory: '8Gi' }, undefined, []],
  ];
  for (const [name, requests, used, code, reasons] of cases) {
    it(name, () => {
      const subject = node();
      subject.addPod(podInfo(pod({ containers: [container(used)] }, 'other')));
      const status = nodeResourcesFit.filter(state, podInfo(pod({ containers: [container(requests)] })), subject);
      assert.equal(status?.code, code);
      assert.deepEqual(status?.reasons ?? [], reasons);
    });
  }

  it('counts pods', () => {
    const full = node({ allocatable: { cpu: '4', memory: '8Gi', pods: '1' } });
    full.addPod(podInfo(pod({}, 'other')));
    assert.deepEqual(nodeResourcesFit.filter(state, podInfo(pod({})), full)?.reasons, ['Too many pods']);
  });

  it('keeps sums right as pods come, change and go', () => {
    const subject = node();
    subject.addPod(podInfo(pod({ containers: [container({ cpu: '1', 'example.com/gpu': '2' })] }, 'a')));
    subject.addPod(podInfo(pod({ containers: [container({ cpu: '2' })] }, 'b')));
    subject.addPod(podInfo(pod({ containers: [container({ cpu: '3' })] }, 'b')));
    assert.equal(subject.requested.milliCpu, 4000);
    subject.removePod('a');
    subject.removePod('a');
    assert.equal(subject.requested.milliCpu, 3000);
    assert.equal(subject.requested.scalar.get('example.com/gpu'), 0);
  });

  it('prefers what is emptier, and what the pod balances', () => {
    const half = node();
    half.addPod(podInfo(pod({ containers: [container({ cpu: '2', memory: '4Gi' })] }, 'other')));
    const asking = podInfo(pod({ containers: [container({ cpu: '1', memory: '2Gi' })] }));
    assert.equal(nodeResourcesFit.score(state, asking, node()), 75);
    assert.equal(nodeResourcesFit.score(state, asking, half), 25);
    const lopsided = node();
    lopsided.addPod(podInfo(pod({ containers: [container({ memory: '4Gi' })] }, 'other')));
    const balancing = podInfo(pod({ containers: [container({ cpu: '2' })] }));
    assert.ok(
      nodeResourcesBalancedAllocation.score(state, balancing, lopsided) >
        nodeResourcesBalancedAllocation.score(state, balancing, node()),
    );
  });
});

describe('TaintToleration', () => {
  const taint: Taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
  const cases: [name: string, taints: Taint[], tolerations: Toleration[], passes: boolean][] = [
    ['no taint', [], [], true],
    ['untolerated', [taint], [], false],
    ['equal', [taint], [{ key: 'k', value: 'v', effect: 'NoSchedule' }], true],
    ['another value', [taint], [{ key: 'k', value: 'w' }], false],
    ['exists', [taint], [{ key: 'k', operator: 'Exists' }], true],
    ['another effect', [taint], [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }], false],
    ['everything', [taint, { key: 'x', effect: 'NoExecute' }], [{ operator: 'Exists' }], true],
    ['preference does not filter', [{ key: 'k', effect: 'PreferNoSchedule' }], [], true],
  ];
  for (const [name, taints, tolerations, passes] of cases) {
    it(name, () =>
      assert.equal(
        taintToleration.filter(state, podInfo(pod({ tolerations })), node({ taints })) === undefined,
        passes,
      ),
    );
  }

  it('cordoned nodes need a toleration', () => {
    const cordoned = node({ spec: { unschedulable: true } });
    assert.deepEqual(nodeUnschedulable.filter(state, podInfo(pod({})), cordoned)?.reasons, [
      'node(s) were unschedulable',
    ]);
    assert.equal(
      nodeUnschedulable.filter(
        state,
        podInfo(pod({ tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }] })),
        cordoned,
      ),
      undefined,
    );
  });
});

describe('NodeAffinity', () => {
  const required = (...terms: { key: string; operator: string; values?: string[] }[][]): Partial<Pod['spec']> => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: terms.map((matchExpressions) => ({ matchExpressions })),
        },
      },
    },
  });
  const labels = { zone: 'a', cores: '8' };
  const cases: [name: string, spec: Partial<Pod['spec']>, matches: boolean][] = [
    ['nothing asked', {}, true],
    ['node selector', { nodeSelector: { zone: 'a' } }, true],
    ['another node selector', { nodeSelector: { zone: 'b' } }, false],
    ['In', required([{ key: 'zone', operator: 'In', values: ['a', 'b'] }]), true],
    ['NotIn, absent', required([{ key: 'none', operator: 'NotIn', values: ['a'] }]), true],
    ['NotIn', required([{ key: 'zone', operator: 'NotIn', values: ['a'] }]), false],
    ['Exists', required([{ key: 'zone', operator: 'Exists' }]), true],
    ['DoesNotExist', required([{ key: 'zone', operator: 'DoesNotExist' }]), false],
    ['Gt', required([{ key: 'cores', operator: 'Gt', values: ['4'] }]), true],
    ['Lt', required([{ key: 'cores', operator: 'Lt', values: ['4'] }]), false],
    ['Gt of no number', required([{ key: 'zone', operator: 'Gt', values: ['4'] }]), false],
    [
      'all of a term',
      required([
        { key: 'zone', operator: 'Exists' },
        { key: 'none', operator: 'Exists' },
      ]),
      false,
    ],
    ['one of the terms', required([{ key: 'none', operator: 'Exists' }], [{ key: 'zone', operator: 'Exists' }]), true],
    ['an empty term', required([]), false],
  ];
  for (const [name, spec, matches] of cases)
    it(name, () => assert.equal(requiredNodeAffinityMatches(pod(spec), node({ labels })), matches));

  it('looks only at nodes named', () => {
    const byName = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['x'] }] };
    const spec = {
      affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [byName] } } },
    };
    assert.deepEqual(nodeAffinity.preFilter(state, podInfo(pod(spec)), { get: () => undefined, list: () => [] }), {
      nodes: new Set(['x']),
    });
  });
});

describe('NodePorts', () => {
  const asking = (hostIP: string, hostPort: number, protocol = 'TCP'): Partial<Pod['spec']> => ({
    containers: [{ name: 'c', ports: [{ containerPort: 1, hostIP, hostPort, protocol }] }],
  });
  const cases: [name: string, used: Partial<Pod['spec']>, asked: Partial<Pod['spec']>, free: boolean][] = [
    ['the same', asking('', 80), asking('', 80), false],
    ['another port', asking('', 80), asking('', 81), true],
    ['another protocol', asking('', 80), asking('', 80, 'UDP'), true],
    ['another address', asking('10.0.0.1', 80), asking('10.0.0.2', 80), true],
    ['all addresses', asking('10.0.0.1', 80), asking('0.0.0.0', 80), false],
  ];
  for (const [name, used, asked, free] of cases) {
    it(name, () => {
      const subject = node();
      subject.addPod(podInfo(pod(used, 'other')));
      assert.equal(nodePorts.filter(state, podInfo(pod(asked)), subject) === undefined, free);
      subject.removePod('other');
      assert.equal(nodePorts.filter(state, podInfo(pod(asked)), subject), undefined);
    });
  }
});

describe('sampling', () => {
  const cases: [nodes: number, percentage: number, expected: number][] = [
    [10, 0, 10],
    [99, 10, 99],
    [100, 0, 100],
    [1000, 0, 420],
    [6000, 0, 300],
    [1000, 30, 300],
    [200, 10, 100],
  ];
  for (const [nodes, percentage, expected] of cases)
    it(`${nodes} nodes at ${percentage} %`, () => assert.equal(feasibleNodesToFind(nodes, percentage), expected));
});
