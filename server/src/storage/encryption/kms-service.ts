/** The key management plugin at the other end of a unix socket: gRPC, API v2. */
import { randomUUID } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import { bytesField, bytesOf, decodeFields, type Fields, mapField, mapOf, textOf } from '../../protobuf.ts';

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

/** `endpoint` is `unix:///path` or `unix://@abstract`. */
export function kmsService(endpoint: string, timeoutMs: number): KmsService {
  const target = endpoint.startsWith('unix://@') ? `unix-abstract:${endpoint.slice(8)}` : endpoint;
  const client = new Client(target, credentials.createInsecure());
  const call = (method: string, request: Buffer): Promise<Fields> =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        `/v2.KeyManagementService/${method}`,
        (message: Buffer) => message,
        (message: Buffer) => message,
        request,
        { deadline: Date.now() + timeoutMs },
        (error, response) => {
          if (error !== null) reject(error);
          else resolve(decodeFields(response ?? Buffer.alloc(0)));
        },
      );
    });
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
