/** Where a node's own HTTPS endpoint is, and how to talk to it: --kubelet-client-certificate and its companions. */
import { Agent } from 'node:https';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { internalError, type KubernetesObject, notFound, quote } from '@typernetes/openapi/meta';
import type { RegistryReader } from '../../registry/generic/rest.ts';

export interface KubeletTls {
  /** PEM; without it serving certificates are not verified, as upstream. */
  ca?: string;
  cert?: string;
  key?: string;
}

export interface NodeConnectionOptions {
  registry: Pick<RegistryReader, 'get'>;
  tls: KubeletTls;
  preferredAddressTypes: readonly string[];
  defaultPort: number;
}

export interface NodeEndpoint {
  host: string;
  port: number;
}

interface Node extends KubernetesObject {
  status?: {
    addresses?: { type: string; address: string }[];
    daemonEndpoints?: { kubeletEndpoint?: { Port?: number } };
  };
}

export class NodeConnector {
  readonly #options: NodeConnectionOptions;
  #tls: KubeletTls;
  /** Connections for logs and proxied requests are kept for the next one. */
  readonly agent: Agent;
  readonly #unverified: Agent;

  constructor(options: NodeConnectionOptions) {
    this.#options = options;
    this.#tls = options.tls;
    this.agent = new Agent({ ...this.tls(), keepAlive: true, maxCachedSessions: 1000 });
    this.#unverified = new Agent({ ...this.tls(), rejectUnauthorized: false, keepAlive: false });
  }

  tls(): ConnectionOptions {
    const { ca, cert, key } = this.#tls;
    return {
      ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    };
  }

  /** Another client certificate, from the next connection on. */
  identify(pair: { cert: string; key: string }): void {
    this.#tls = { ...this.#tls, ...pair };
    // Agents tell connections apart by what they were made with.
    for (const agent of [this.agent, this.#unverified]) Object.assign(agent.options, pair);
  }

  agentFor(insecureSkipVerify: boolean): Agent {
    return insecureSkipVerify ? this.#unverified : this.agent;
  }

  async locate(nodeName: string): Promise<NodeEndpoint> {
    const resource = { group: '', resource: 'nodes' };
    const node = await this.#options.registry.get<Node>(resource, '', nodeName);
    if (node === undefined) throw notFound(resource, nodeName);
    const addresses = node.status?.addresses ?? [];
    for (const wanted of this.#options.preferredAddressTypes) {
      const found = addresses.find((each) => each.type === wanted && each.address !== '');
      if (found === undefined) continue;
      if (!isHost(found.address))
        throw internalError(`address ${quote(found.address)} of node ${quote(nodeName)} is neither an IP nor a name`);
      const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? 0;
      return { host: found.address, port: port > 0 ? port : this.#options.defaultPort };
    }
    throw internalError(
      `no preferred addresses found; known addresses: [${addresses.map((each) => `{${each.type} ${each.address}}`).join(' ')}]`,
    );
  }

  close(): void {
    this.agent.destroy();
    this.#unverified.destroy();
  }
}

/** Nodes write their addresses themselves: more than a host would choose the path that this server's rights reach. */
function isHost(address: string): boolean {
  return isIP(address) !== 0 || /^[A-Za-z0-9._-]+$/.test(address);
}

export function hostPort({ host, port }: NodeEndpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
