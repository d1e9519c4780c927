/** The key management plugin at the other end of a unix socket: gRPC, API v2. */
import { randomUUID } from 'node:crypto';
import { socketClient } from '../../grpc/socket-client.ts';
import { bytesField, bytesOf, type Fields, mapField, mapOf, textOf } from '../../protobuf.ts';

export interface KmsStatus {
  version: string;
  healthz: string;
  keyId: string;
}

export interface Encrypted {
  ciphertext: Buffer;
  keyId: string;
  annotations: Map<string, Buffer>;
}

export interface KmsService {
  status(): Promise<KmsStatus>;
  encrypt(plaintext: Buffer): Promise<Encrypted>;
  decrypt(encrypted: Encrypted): Promise<Buffer>;
  close(): void;
}

/** `endpoint` is `unix:///path` or `unix:///@abstract`. */
export function kmsService(endpoint: string, timeoutMs: number): KmsService {
  const socket = decodeURIComponent(new URL(endpoint).pathname).replace(/^\/@/, '@');
  const client = socketClient({ socket, service: 'v2.KeyManagementService' });
  const call = (method: string, request: Buffer): Promise<Fields> => client.call(method, request, timeoutMs);
  return {
    async status() {
      const fields = await call('Status', Buffer.alloc(0));
      return { version: textOf(fields, 1), healthz: textOf(fields, 2), keyId: textOf(fields, 3) };
    },
    async encrypt(plaintext) {
      const fields = await call('Encrypt', Buffer.concat([bytesField(1, plaintext), bytesField(2, randomUUID())]));
      return { ciphertext: bytesOf(fields, 1), keyId: textOf(fields, 2), annotations: mapOf(fields, 3) };
    },
    async decrypt({ ciphertext, keyId, annotations }) {
      const request = [
        bytesField(1, ciphertext),
        bytesField(2, randomUUID()),
        bytesField(3, keyId),
        mapField(4, annotations),
      ];
      return bytesOf(await call('Decrypt', Buffer.concat(request)), 1);
    },
    close: () => client.close(),
  };
}
