/**
 * What several watchers are sent at about the same time is put together once: frames that go out in one write, as one
 * HTTP chunk where the response has chunks. Only the latest are kept.
 */
const keptWrites = 8;
const keptBytes = 1024 * 1024;

interface Write {
  readonly frames: readonly Buffer[];
  readonly bytes: Buffer;
}

const chunkEnd = Buffer.from('\r\n');

export class SharedWrites {
  readonly #chunked: boolean;
  readonly #latest: Write[] = [];
  #bytes = 0;

  constructor(chunked: boolean) {
    this.#chunked = chunked;
  }

  /** The bytes to send for frames that follow each other. */
  of(frames: readonly Buffer[]): Buffer {
    if (frames.length === 1 && !this.#chunked) return frames[0]!;
    for (const write of this.#latest) if (same(write.frames, frames)) return write.bytes;
    const bytes = Buffer.concat(this.#chunked ? asChunk(frames) : frames);
    this.#latest.unshift({ frames, bytes });
    this.#bytes += bytes.length;
    while (this.#latest.length > 1 && (this.#latest.length > keptWrites || this.#bytes > keptBytes))
      this.#bytes -= this.#latest.pop()!.bytes.length;
    return bytes;
  }
}

function same(a: readonly Buffer[], b: readonly Buffer[]): boolean {
  return a.length === b.length && a.every((frame, index) => frame === b[index]);
}

function asChunk(frames: readonly Buffer[]): Buffer[] {
  const size = frames.reduce((sum, { length }) => sum + length, 0);
  return [Buffer.from(`${size.toString(16)}\r\n`), ...frames, chunkEnd];
}
