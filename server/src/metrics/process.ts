/** What the operating system and the runtime know of this process. Collecting costs memory and timers: load it when asked. */
import { readFile } from 'node:fs/promises';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { Counter, Gauge } from './instruments.ts';
import { MetricsRegistry } from './registry.ts';

const registry = new Registry();
collectDefaultMetrics({ register: registry });

/** What the library leaves out and Go's tells. Linux only. */
const more = new MetricsRegistry();
const addresses = more.register(
  new Gauge({ name: 'process_virtual_memory_max_bytes', help: 'Maximum amount of virtual memory available in bytes.' }),
);
const traffic = (name: string, done: string): Counter =>
  more.register(new Counter({ name, help: `Number of bytes ${done} by the process over the network.` }));
const received = traffic('process_network_receive_bytes_total', 'received');
const sent = traffic('process_network_transmit_bytes_total', 'sent');

more.collect(async () => {
  const read = (file: string): Promise<string> => readFile(`/proc/self/${file}`, 'utf8').catch(() => '');
  const [limits, network] = await Promise.all([read('limits'), read('net/netstat')]);
  const most = /^Max address space +(\S+)/m.exec(limits)?.[1];
  if (most !== undefined) addresses.with().set(most === 'unlimited' ? 2 ** 64 : Number(most));
  const [names, values] = [...network.matchAll(/^IpExt: (.*)$/gm)].map(([, row = '']) => row.split(' '));
  if (names === undefined || values === undefined) return;
  received.with().value = Number(values[names.indexOf('InOctets')]);
  sent.with().value = Number(values[names.indexOf('OutOctets')]);
});

/** Prometheus text. */
export async function processMetrics(): Promise<string> {
  return (await registry.metrics()) + (await more.text());
}
