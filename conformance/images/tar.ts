/** Writes ustar archives: enough for image layers and image archives. */

export interface TarEntry {
  /** Relative path, at most 100 bytes. */
  name: string;
  type: 'file' | 'directory' | 'symlink';
  mode: number;
  /** A file's bytes. */
  content?: Buffer;
  /** A symlink's target. */
  target?: string;
}

const blockSize = 512;

/** Deterministic: no times, owner root. */
export function tar(entries: readonly TarEntry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const entry of entries) {
    const content = entry.content ?? Buffer.alloc(0);
    blocks.push(header(entry, content.length), content);
    const rest = content.length % blockSize;
    if (rest > 0) blocks.push(Buffer.alloc(blockSize - rest));
  }
  blocks.push(Buffer.alloc(2 * blockSize));
  return Buffer.concat(blocks);
}

function header({ name, type, mode, target = '' }: TarEntry, size: number): Buffer {
  if (Buffer.byteLength(name) > 100 || Buffer.byteLength(target) > 100)
    throw new Error(`${name}: too long for a tar header`);
  const block = Buffer.alloc(blockSize);
  const octal = (value: number, at: number, length: number): number =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  block.write(name, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  block.write({ file: '0', symlink: '2', directory: '5' }[type], 156, 'latin1');
  block.write(target, 157);
  block.write('ustar\u000000', 257, 'latin1');
  // The checksum counts its own field as spaces.
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
