/**
 * Keeps a node's rules in step with Services and EndpointSlices. Events only say that something changed; every sync
 * computes the whole table from what the informers hold and sends the difference to the kernel.
 */
import type { Logger, SharedInformerFactory } from '@typernetes/openapi/client';
import type { Service } from '@typernetes/openapi/types/core/v1';
import type { EndpointSlice } from '@typernetes/openapi/types/discovery/v1';
import { deleteEntries, staleEntries } from './conntrack.ts';
import type { Nft } from './nft.ts';
import { changeScript, createScript, type NftTable, removeScript } from './nft-table.ts';
import { type RulesOptions, serviceTable } from './rules.ts';
import { type ServicePort, servicePorts } from './service-ports.ts';

export interface ProxierOptions extends RulesOptions {
  nodeName: string;
  nft: Nft;
  informers: SharedInformerFactory;
  logger: Logger;
  /** Changes within this time after the first are taken together. Milliseconds. */
  minSyncPeriodMs: number;
}

/** After a refused script the table is made anew, at most this often. */
const retryAfterMs = 5_000;

export class Proxier {
  private readonly options: ProxierOptions;
  private readonly services;
  private readonly slices;
  private table: NftTable | undefined;
  private ports: ServicePort[] = [];
  private timer: NodeJS.Timeout | undefined;
  private syncing: Promise<void> = Promise.resolve();
  private stopped = false;
  private readonly firstSync = Promise.withResolvers<void>();

  constructor(options: ProxierOptions) {
    this.options = options;
    this.services = options.informers.informer<Service>({ group: '', version: 'v1', resource: 'services' });
    this.slices = options.informers.informer<EndpointSlice>({
      group: 'discovery.k8s.io',
      version: 'v1',
      resource: 'endpointslices',
    });
  }

  /** Resolves after the first table is in the kernel. */
  async start(): Promise<void> {
    await Promise.all([this.services.synced, this.slices.synced]);
    const changed = { add: () => this.schedule(), update: () => this.schedule(), delete: () => this.schedule() };
    this.services.addEventHandler(changed);
    this.slices.addEventHandler(changed);
    this.schedule(0);
    await this.firstSync.promise;
  }

  /** Node addresses come and go (a pod bridge appears with the first pod). */
  setNodeAddresses(addresses: readonly string[]): void {
    if (addresses.join() === this.options.nodeAddresses.join()) return;
    this.options.nodeAddresses = addresses;
    this.schedule();
  }

  /** Removes the table: nothing of ours stays in the kernel. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.firstSync.promise.catch(() => {});
    this.firstSync.reject(new Error('the proxy was stopped'));
    await this.syncing;
    if (this.table !== undefined) await this.options.nft.apply(removeScript('ip', this.options.tableName));
  }

  private schedule(delayMs = this.options.minSyncPeriodMs): void {
    if (this.stopped || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.syncing = this.syncing.then(() => this.sync());
    }, delayMs);
  }

  private async sync(): Promise<void> {
    if (this.stopped) return;
    const ports = servicePorts(
      this.services.lister.list() as Service[],
      this.slices.lister.list() as EndpointSlice[],
      this.options.nodeName,
    );
    const table = serviceTable(ports, this.options);
    const script = this.table === undefined ? createScript(table) : changeScript(this.table, table);
    try {
      if (script !== '') await this.options.nft.apply(script);
      this.table = table;
      await deleteEntries(staleEntries(this.ports, ports));
      this.ports = ports;
      this.firstSync.resolve();
    } catch (error) {
      this.options.logger.error({ err: error }, 'the rules could not be brought up to date; making the table anew');
      this.table = undefined;
      this.schedule(retryAfterMs);
    }
  }
}
