/** Prometheus text of /metrics and /metrics/resource. */
import { readFileSync } from 'node:fs';
import type { RuntimeService } from 'cri-client';
import { containerNameLabel } from '../kuberuntime/labels.ts';
import { nodeUse, podCpuSeconds, podMemory, podUses } from './stats.ts';

export interface Metric {
  name: string;
  help: string;
  type: 'gauge' | 'counter';
  samples: { labels?: Readonly<Record<string, string>>; value: number; timestampMs?: number }[];
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

export function exposition(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const { name, help, type, samples } of metrics) {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const { labels = {}, value, timestampMs } of samples) {
      const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
      lines.push(
        `${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}${timestampMs === undefined ? '' : ` ${timestampMs}`}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

export async function resourceMetrics(runtime: RuntimeService, now: number): Promise<string> {
  const [pods, node] = await Promise.all([podUses(runtime), nodeUse()]);
  const containers = pods.flatMap((pod) =>
    pod.containers.map((stats) => ({
      labels: {
        container: stats.attributes?.labels[containerNameLabel] ?? '',
        namespace: pod.namespace,
        pod: pod.name,
      },
      cpu: Number(stats.cpu?.usageCoreNanoSeconds?.value ?? 0n) / 1e9,
      memory: Number(stats.memory?.workingSetBytes?.value ?? 0n),
      startedAt: pod.startedAt / 1000,
    })),
  );
  const ofPod = (value: (pod: (typeof pods)[number]) => number) =>
    pods.map((pod) => ({ labels: { namespace: pod.namespace, pod: pod.name }, value: value(pod), timestampMs: now }));
  return exposition([
    {
      name: 'container_cpu_usage_seconds_total',
      type: 'counter',
      help: 'Cumulative cpu time consumed by the container in core-seconds',
      samples: containers.map(({ labels, cpu }) => ({ labels, value: cpu, timestampMs: now })),
    },
    {
      name: 'container_memory_working_set_bytes',
      type: 'gauge',
      help: 'Current working set of the container in bytes',
      samples: containers.map(({ labels, memory }) => ({ labels, value: memory, timestampMs: now })),
    },
    {
      name: 'container_start_time_seconds',
      type: 'gauge',
      help: 'Start time of the container since unix epoch in seconds',
      samples: containers.map(({ labels, startedAt }) => ({ labels, value: startedAt })),
    },
    {
      name: 'node_cpu_usage_seconds_total',
      type: 'counter',
      help: 'Cumulative cpu time consumed by the node in core-seconds',
      samples: [{ value: node.cpuSeconds, timestampMs: now }],
    },
    {
      name: 'node_memory_working_set_bytes',
      type: 'gauge',
      help: 'Current working set of the node in bytes',
      samples: [{ value: node.memoryWorkingSet, timestampMs: now }],
    },
    {
      name: 'pod_cpu_usage_seconds_total',
      type: 'counter',
      help: 'Cumulative cpu time consumed by the pod in core-seconds',
      samples: ofPod(podCpuSeconds),
    },
    {
      name: 'pod_memory_working_set_bytes',
      type: 'gauge',
      help: 'Current working set of the pod in bytes',
      samples: ofPod(podMemory),
    },
    {
      name: 'resource_scrape_error',
      type: 'gauge',
      help: '1 if there was an error while getting container metrics, 0 otherwise',
      samples: [{ value: 0 }],
    },
  ]);
}

/** Of this process. */
export function processMetrics(): Metric[] {
  const { user, system } = process.cpuUsage();
  let openFiles = 0;
  try {
    openFiles = Number(/^FDSize:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0);
  } catch {
    // Only Linux tells.
  }
  return [
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'Total user and system CPU time spent in seconds.',
      samples: [{ value: (user + system) / 1e6 }],
    },
    {
      name: 'process_resident_memory_bytes',
      type: 'gauge',
      help: 'Resident memory size in bytes.',
      samples: [{ value: process.memoryUsage.rss() }],
    },
    {
      name: 'process_open_fds',
      type: 'gauge',
      help: 'Number of open file descriptors.',
      samples: [{ value: openFiles }],
    },
    {
      name: 'process_start_time_seconds',
      type: 'gauge',
      help: 'Start time of the process since unix epoch in seconds.',
      samples: [{ value: Math.floor(Date.now() / 1000 - process.uptime()) }],
    },
  ];
}
