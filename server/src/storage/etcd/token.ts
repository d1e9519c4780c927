/** A user's password is given for a token, which goes with every call until etcd takes it no more. */
import { decodeFields, textOf } from '../../protobuf.ts';
import type { Metadata } from './calls.ts';
import { bytes } from './encode.ts';
import { GrpcError } from './grpc-error.ts';
import type { Call } from './kv.ts';

export class Token {
  readonly #call: Call;
  readonly #message: Buffer[];
  #metadata: Promise<Metadata> | undefined;

  constructor(call: Call, username: string, password: string) {
    this.#call = call;
    this.#message = [...bytes(1, Buffer.from(username)), ...bytes(2, Buffer.from(password))];
  }

  metadata(deadline: number): Promise<Metadata> {
    if (this.#metadata === undefined) {
      const metadata = this.#authenticate(deadline);
      this.#metadata = metadata;
      metadata.catch(() => this.forget(metadata));
    }
    return this.#metadata;
  }

  async #authenticate(deadline: number): Promise<Metadata> {
    try {
      const answer = await this.#call('/etcdserverpb.Auth/Authenticate', this.#message, deadline);
      return { token: textOf(decodeFields(answer), 2) };
    } catch (error) {
      // Whoever may do everything needs no password.
      if (error instanceof GrpcError && error.message.includes('authentication is not enabled')) return {};
      throw error;
    }
  }

  /** Makes a call with the token; where etcd has forgotten it, with a new one. */
  async with<T>(deadline: number, call: (metadata: Metadata) => Promise<T>): Promise<T> {
    const metadata = this.metadata(deadline);
    try {
      return await call(await metadata);
    } catch (error) {
      if (!(error instanceof GrpcError) || !isOutdated.test(error.message)) throw error;
      this.forget(metadata);
      return call(await this.metadata(deadline));
    }
  }

  forget(metadata: Promise<Metadata>): void {
    if (this.#metadata === metadata) this.#metadata = undefined;
  }
}

/** Such a call did nothing. The last is of a call without a token, from before authentication was enabled. */
const isOutdated = /etcdserver: (invalid auth token|revision of auth store is old|user name is empty)/;
