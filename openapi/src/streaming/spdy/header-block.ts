/**
 * Header blocks: name/value pairs, compressed over the life of the connection. What we receive is inflated with the
 * state of all blocks before it, so blocks must come in order. What we send is a valid stream of the same compression
 * made of stored blocks only: a few bytes longer, and it needs no state.
 */
import { createInflate, type Inflate } from 'node:zlib';
import { dictionary } from './dictionary.ts';
import { SpdyError } from './frames.ts';

export type Headers = Readonly<Record<string, string>>;

const maxInflatedSize = 256 * 1024;
const maxStoredBlock = 0xffff;
/** Deflate, 32 KiB window, no preset dictionary. */
const zlibHeader = Buffer.from([0x78, 0x01]);
/** An empty stored block: Go's inflater holds back what comes before until it sees one. */
const syncFlush = Buffer.from([0x00, 0x00, 0x00, 0xff, 0xff]);

export class HeaderEncoder {
  #started = false;

  encode(headers: Headers): Buffer {
    const pairs = Object.entries(headers);
    const parts = [word(pairs.length)];
    for (const [name, value] of pairs) parts.push(text(name.toLowerCase()), text(value));
    const plain = Buffer.concat(parts);
    const blocks: Buffer[] = this.#started ? [] : [zlibHeader];
    this.#started = true;
    for (let at = 0; at < plain.length; at += maxStoredBlock) {
      const chunk = plain.subarray(at, at + maxStoredBlock);
      const header = Buffer.alloc(5);
      header.writeUInt16LE(chunk.length, 1);
      header.writeUInt16LE(~chunk.length & 0xffff, 3);
      blocks.push(header, chunk);
    }
    return Buffer.concat([...blocks, syncFlush]);
  }
}

function word(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([word(bytes.length), bytes]);
}

export class HeaderDecoder {
  readonly #inflate: Inflate;
  #parts: Buffer[] = [];
  #size = 0;
  #fail: ((error: Error) => void) | undefined;

  constructor() {
    this.#inflate = createInflate({ dictionary });
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#size += chunk.length;
      if (this.#size > maxInflatedSize) this.#inflate.destroy(new SpdyError('headers are too large'));
      else this.#parts.push(chunk);
    });
    this.#inflate.on('error', (error) => this.#fail?.(error));
  }

  /** One call at a time, in the order of the frames. Names come in lower case. */
  async decode(block: Buffer): Promise<Headers> {
    this.#parts = [];
    this.#size = 0;
    await new Promise<void>((resolve, reject) => {
      this.#fail = (error) => reject(new SpdyError('malformed header block', { cause: error }));
      this.#inflate.write(block, (error) => (error ? this.#fail?.(error) : this.#inflate.flush(() => resolve())));
    });
    return parseHeaders(Buffer.concat(this.#parts));
  }

  close(): void {
    this.#inflate.destroy();
  }
}

function parseHeaders(block: Buffer): Headers {
  const headers: Record<string, string> = {};
  let at = 0;
  const number = (): number => {
    if (at + 4 > block.length) throw new SpdyError('header block is too short');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const string = (): string => {
    const length = number();
    if (at + length > block.length) throw new SpdyError('header block is too short');
    at += length;
    return block.toString('utf8', at - length, at);
  };
  for (let pairs = number(); pairs > 0; pairs--) {
    const name = string().toLowerCase();
    const [value = ''] = string().split('\0');
    if (name !== '__proto__') headers[name] = value;
  }
  return headers;
}
