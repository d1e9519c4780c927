/** Names outside the cluster's zone: asked of the host's resolvers, one after the other. */

import { randomInt } from 'node:crypto';
import dgram from 'node:dgram';
import { connect } from 'node:net';

export interface Upstream {
  address: string;
  port: number;
}

const timeoutMs = 2_000;

/** The nameservers of a resolv.conf; `own` addresses are left out, for asking ourselves would never end. */
export function nameservers(resolvConf: string, own: readonly string[]): Upstream[] {
  return resolvConf
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((address): address is string => address !== undefined && !own.includes(address))
    .map((address) => ({ address, port: 53 }));
}

/** The answer of the first upstream that gives one, with the query's own id; undefined where none does. */
export async function forward(
  query: Buffer,
  transport: 'udp' | 'tcp',
  upstreams: readonly Upstream[],
): Promise<Buffer | undefined> {
  for (const upstream of upstreams) {
    const asked = Buffer.from(query);
    // A fresh id for each try: a guessed answer from elsewhere must hit id and source port.
    asked.writeUInt16BE(randomInt(0x10000), 0);
    const answer = await (transport === 'udp' ? askUdp(asked, upstream) : askTcp(asked, upstream)).catch(
      () => undefined,
    );
    if (answer === undefined) continue;
    answer.writeUInt16BE(query.readUInt16BE(0), 0);
    return answer;
  }
  return undefined;
}

function askUdp(query: Buffer, { address, port }: Upstream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = dgram.createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const timer = setTimeout(() => finish(() => reject(new Error('no answer'))), timeoutMs);
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      socket.close();
      settle();
    };
    socket.once('error', (error) => finish(() => reject(error)));
    // A connected socket takes datagrams from the upstream only.
    socket.connect(port, address, () => socket.send(query));
    socket.on('message', (answer) => {
      if (answer.length >= 12 && answer.readUInt16BE(0) === query.readUInt16BE(0)) finish(() => resolve(answer));
    });
  });
}

function askTcp(query: Buffer, { address, port }: Upstream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, address);
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before the answer')));
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length, 0);
    socket.write(Buffer.concat([length, query]));
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      resolve(Buffer.from(received.subarray(2, 2 + received.readUInt16BE(0))));
      socket.destroy();
    });
  });
}
