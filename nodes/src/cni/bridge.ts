/** The pod network of one node where nobody else brings one: a bridge, addresses from the node's pod CIDR, host ports. */
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface BridgeNetwork {
  name: string;
  /** At most 15 characters, as Linux names interfaces. */
  bridge: string;
  podCIDR: string;
  /** Where host-local keeps the addresses that it gave. */
  ipamDirectory: string;
}

const fileName = '10-typernetes.conflist';

function bridgeConflist({ name, bridge, podCIDR, ipamDirectory }: BridgeNetwork): object {
  return {
    cniVersion: '0.4.0',
    name,
    plugins: [
      {
        type: 'bridge',
        bridge,
        isDefaultGateway: true,
        // Pods that leave the cluster take the node's address; the plugin leaves traffic inside the pod CIDR alone.
        ipMasq: true,
        hairpinMode: true,
        ipam: { type: 'host-local', ranges: [[{ subnet: podCIDR }]], dataDir: ipamDirectory },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  };
}

/** Writes the conf unless the directory holds one of somebody else's; says whether ours is in force. */
export function ensureBridgeNetwork(confDirectory: string, network: BridgeNetwork): boolean {
  mkdirSync(confDirectory, { recursive: true, mode: 0o755 });
  const others = readdirSync(confDirectory).filter((file) => /\.(conf|conflist|json)$/.test(file) && file !== fileName);
  if (others.length > 0) return false;
  const file = path.join(confDirectory, fileName);
  // A runtime watches the directory: it must never see half a file.
  const draft = path.join(confDirectory, `.${fileName}.new`);
  writeFileSync(draft, `${JSON.stringify(bridgeConflist(network), undefined, 2)}\n`, { mode: 0o644 });
  renameSync(draft, file);
  return existsSync(file);
}
