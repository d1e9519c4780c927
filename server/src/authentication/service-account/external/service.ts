/** The calls of externaljwt v1 (ExternalJWTSigner), as plain values. */
import { type SocketClient, type SocketClientOptions, socketClient } from '../../../grpc/socket-client.ts';
import { bytesField, bytesOf, decodeFields, type Fields, numberOf, textOf } from '../../../protobuf.ts';

export interface FetchedKey {
  id: string;
  /** DER. */
  key: Buffer;
  excludeFromDiscovery: boolean;
}

export interface FetchedKeys {
  keys: FetchedKey[];
  /** Seconds since 1970; undefined where the signer told none, or none that is a time. */
  dataTimestamp: number | undefined;
  refreshHintSeconds: number;
}

export interface ExternalJwtSigner {
  sign(claims: string): Promise<{ header: string; signature: string }>;
  fetchKeys(timeoutMs: number): Promise<FetchedKeys>;
  metadata(): Promise<{ maxTokenExpirationSeconds: number }>;
  close(): void;
}

const none = Buffer.alloc(0);
/** A client of ours waits no longer either. */
const signTimeoutMs = 60_000;
const metadataTimeoutMs = 10_000;

/** `socket` is a path, or `@name`. */
export function externalJwtSigner(socket: string, observe?: SocketClientOptions['observe']): ExternalJwtSigner {
  const client: SocketClient = socketClient({
    socket,
    service: 'v1.ExternalJWTSigner',
    waitForReady: true,
    ...(observe === undefined ? {} : { observe }),
  });
  return {
    async sign(claims) {
      const fields = await client.call('Sign', bytesField(1, claims), signTimeoutMs);
      return { header: textOf(fields, 1), signature: textOf(fields, 2) };
    },
    async fetchKeys(timeoutMs) {
      const fields = await client.call('FetchKeys', none, timeoutMs);
      return {
        keys: messages(fields, 1).map((key) => ({
          id: textOf(key, 1),
          key: bytesOf(key, 2),
          excludeFromDiscovery: numberOf(key, 3) !== 0,
        })),
        dataTimestamp: timestamp(messages(fields, 2).at(-1)),
        refreshHintSeconds: signed(numberOf(fields, 3)),
      };
    },
    async metadata() {
      const fields = await client.call('Metadata', none, metadataTimeoutMs);
      return { maxTokenExpirationSeconds: signed(numberOf(fields, 1)) };
    },
    close: () => client.close(),
  };
}

function messages(fields: Fields, field: number): Fields[] {
  const values = fields.get(field) ?? [];
  return values.filter((value) => Buffer.isBuffer(value)).map(decodeFields);
}

/** Of the years 1 to 9999. A number far below 0 has lost its last digits on the wire's way to a double. */
function timestamp(fields: Fields | undefined): number | undefined {
  if (fields === undefined) return undefined;
  const seconds = signed(numberOf(fields, 1));
  const nanos = signed(numberOf(fields, 2));
  const isTime = seconds >= -62_135_596_800 - 2048 && seconds <= 253_402_300_799 && nanos >= 0 && nanos < 1e9;
  return isTime ? seconds + nanos / 1e9 : undefined;
}

/** A negative number comes as its two's complement of 64 bits. */
function signed(value: number): number {
  return value >= 2 ** 63 ? value - 2 ** 64 : value;
}
