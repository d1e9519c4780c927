/** An external signer: ExternalJWTSigner v1 on a unix socket, with keys of its own. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { startSocketServer } from '../../../../grpc/testing/socket-server.ts';
import { bytesField, decodeFields, numberField, presentField, textOf } from '../../../../protobuf.ts';

export interface SignerKey {
  id: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
  excluded?: boolean;
}

export interface SignerState {
  keys: SignerKey[];
  /** The one that signs. */
  current: SignerKey;
  header: Record<string, unknown>;
  signature: (input: Buffer) => string;
  refreshHintSeconds: number;
  /** Seconds since 1970. */
  dataTimestamp: number;
  maxTokenExpirationSeconds: number;
  /** Calls so far. */
  fetches: number;
  /** Calls fail with this. */
  failure: string | undefined;
}

export function newSignerKey(id: string, excluded = false): SignerKey {
  return { id, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }), excluded };
}

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What the signer is and does can be changed through `state` while it runs. */
export async function startSigner(socket: string, initial: Partial<SignerState> = {}) {
  const key = newSignerKey('key-1');
  const state: SignerState = {
    keys: [key],
    current: key,
    header: { typ: 'JWT', alg: 'ES256', kid: key.id },
    signature: (input) =>
      sign('sha256', input, { key: state.current.privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url'),
    refreshHintSeconds: 600,
    dataTimestamp: 1_700_000_000,
    maxTokenExpirationSeconds: 86_400,
    fetches: 0,
    failure: undefined,
    ...initial,
  };
  const answer = (message: () => Buffer[]) => (): Buffer => {
    if (state.failure !== undefined) throw new Error(state.failure);
    return Buffer.concat(message());
  };
  const server = await startSocketServer(socket, 'v1.ExternalJWTSigner', {
    Sign: (request) =>
      answer(() => {
        const header = encoded(state.header);
        const input = Buffer.from(`${header}.${textOf(decodeFields(request), 1)}`);
        return [bytesField(1, header), bytesField(2, state.signature(input))];
      })(),
    FetchKeys: answer(() => {
      state.fetches++;
      return [
        ...state.keys.map((each) => presentField(1, keyMessage(each))),
        presentField(2, numberField(1, state.dataTimestamp)),
        numberField(3, state.refreshHintSeconds),
      ];
    }),
    Metadata: answer(() => [numberField(1, state.maxTokenExpirationSeconds)]),
  });
  /** Tokens are signed with this from now on. */
  const signWith = (next: SignerKey): void => {
    state.current = next;
    state.header = { ...state.header, kid: next.id };
  };
  return { state, signWith, stop: () => server.stop() };
}

function keyMessage({ id, publicKey, excluded = false }: SignerKey): Buffer {
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return Buffer.concat([bytesField(1, id), bytesField(2, der), numberField(3, excluded ? 1 : 0)]);
}
