/** One SPDY stream: a Duplex whose two directions end independently. */
import { Duplex } from 'node:stream';
import { resetStatus, SpdyError } from './frames.ts';
import type { Headers } from './header-block.ts';

/** What a stream needs of its connection. */
export interface StreamCarrier {
  sendData(streamId: number, data: Buffer, fin: boolean, sent: (error?: Error | null) => void): void;
  sendReset(streamId: number, status: number): void;
  /** So many bytes were handed to the reader. */
  consumed(streamId: number, bytes: number): void;
  /** Both directions are over, or the stream was reset. */
  finished(streamId: number): void;
}

const maxDataFrame = 32 * 1024;
/** Readers this far behind stop the whole connection (peers in Go know no flow control). */
const maxUnread = 1024 * 1024;

type SentCallback = (error?: Error | null) => void;

export class SpdyStream extends Duplex {
  readonly id: number;
  /** Those that the stream was opened with; names in lower case. */
  readonly headers: Headers;
  /** For streams we opened: the peer accepted. Rejects when it refused. */
  readonly ready: Promise<void>;
  readonly #carrier: StreamCarrier;
  #resolveReady: () => void = () => {};
  #rejectReady: (error: Error) => void = () => {};
  #accepted = false;
  /** Bytes we may still send; no limit where the peer knows no flow control. */
  #window = Number.POSITIVE_INFINITY;
  #sent = 0;
  #localEnded = false;
  #remoteEnded = false;
  #resumeWriting: (() => void) | undefined;
  #resumeReading: (() => void) | undefined;
  #unread = 0;

  constructor(id: number, headers: Headers, carrier: StreamCarrier, opened: 'here' | 'there') {
    super({ allowHalfOpen: true, autoDestroy: true, emitClose: true, readableHighWaterMark: 64 * 1024 });
    this.id = id;
    this.headers = headers;
    this.#carrier = carrier;
    this.#accepted = opened === 'there';
    this.ready = new Promise((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    if (this.#accepted) this.#resolveReady();
    // A stream that nobody watches any more must not take the process down; those who care listen or use pipeline.
    this.ready.catch(() => {});
    this.on('error', () => {});
  }

  /** Ends both directions at once, without delivering what is still under way. */
  reset(status: number = resetStatus.cancel): void {
    if (this.destroyed) return;
    if (!(this.#localEnded && this.#remoteEnded)) this.#carrier.sendReset(this.id, status);
    this.#localEnded = true;
    this.#remoteEnded = true;
    this.destroy();
  }

  /** The peer accepted the stream. */
  acceptReply(): void {
    this.#accepted = true;
    this.#resolveReady();
    this.#continueWriting();
  }

  /** Resolves when there is room again for more. */
  acceptData(data: Buffer): Promise<void> | undefined {
    if (this.#remoteEnded || this.destroyed || data.length === 0) return undefined;
    this.#unread += data.length;
    this.push(data);
    if (this.readableLength <= maxUnread) return undefined;
    return new Promise((resolve) => {
      this.#resumeReading = resolve;
    });
  }

  acceptEnd(): void {
    if (this.#remoteEnded) return;
    this.#remoteEnded = true;
    this.push(null);
    this.#finishIfOver();
  }

  acceptReset(error: Error): void {
    this.#localEnded = true;
    this.#remoteEnded = true;
    this.#rejectReady(error);
    this.destroy(error);
  }

  /** The connection is over in good order: readers see the end, writers an error. */
  acceptClose(): void {
    this.#localEnded = true;
    if (!this.#accepted) this.#rejectReady(new SpdyError('connection closed'));
    if (!this.#remoteEnded) {
      this.#remoteEnded = true;
      this.push(null);
    }
    this.#continueWriting();
  }

  /** Nobody waits for this stream's reader any more. */
  stopWaiting(): void {
    const resume = this.#resumeReading;
    this.#resumeReading = undefined;
    resume?.();
  }

  setInitialWindow(size: number): void {
    this.#window = size - this.#sent;
    this.#continueWriting();
  }

  addWindow(delta: number): void {
    this.#window += delta;
    this.#continueWriting();
  }

  #continueWriting(): void {
    const resume = this.#resumeWriting;
    this.#resumeWriting = undefined;
    resume?.();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: SentCallback): void {
    this.#sendFrom(chunk, 0, callback);
  }

  #sendFrom(chunk: Buffer, at: number, callback: SentCallback): void {
    if (at >= chunk.length) return callback();
    if (this.#localEnded) return callback(new SpdyError('write on closed stream'));
    const size = Math.min(chunk.length - at, maxDataFrame, this.#window);
    if (!this.#accepted || size <= 0) {
      this.#resumeWriting = () => this.#sendFrom(chunk, at, callback);
      return;
    }
    this.#window -= size;
    this.#sent += size;
    this.#carrier.sendData(this.id, chunk.subarray(at, at + size), false, (error) => {
      if (error) callback(error);
      else this.#sendFrom(chunk, at + size, callback);
    });
  }

  override _final(callback: SentCallback): void {
    if (this.#localEnded) return callback();
    if (!this.#accepted) {
      this.#resumeWriting = () => this._final(callback);
      return;
    }
    this.#localEnded = true;
    this.#carrier.sendData(this.id, Buffer.alloc(0), true, (error) => {
      callback(error);
      this.#finishIfOver();
    });
  }

  override _read(): void {
    const taken = this.#unread - this.readableLength;
    if (taken > 0) {
      this.#unread -= taken;
      this.#carrier.consumed(this.id, taken);
    }
    if (this.readableLength <= maxUnread / 2) this.stopWaiting();
  }

  override _destroy(error: Error | null, callback: SentCallback): void {
    if (!this.#localEnded || !this.#remoteEnded) {
      this.#localEnded = true;
      this.#remoteEnded = true;
      this.#carrier.sendReset(this.id, resetStatus.cancel);
    }
    this.#carrier.finished(this.id);
    this.#rejectReady(error ?? new SpdyError('stream closed'));
    this.stopWaiting();
    this.#continueWriting();
    callback(error);
  }

  #finishIfOver(): void {
    if (this.#localEnded && this.#remoteEnded) this.#carrier.finished(this.id);
  }
}
