/** PEM blocks of a text that anybody may have written: in time linear to it. */
export interface PemBlock {
  type: string;
  /** What stands between the lines that begin and end it. */
  body: string;
  text: string;
}

const begins = '-----BEGIN ';
const ends = '-----END ';
const dashes = '-----';

/** A block whose end is another's is none; what stands around blocks does not matter. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let at = 0;
  for (;;) {
    const begin = text.indexOf(begins, at);
    const typeEnd = begin < 0 ? -1 : text.indexOf(dashes, begin + begins.length);
    const end = typeEnd < 0 ? -1 : text.indexOf(ends, typeEnd + dashes.length);
    if (end < 0) return blocks;
    const type = text.slice(begin + begins.length, typeEnd);
    const ending = `${ends}${type}${dashes}`;
    at = end + ends.length;
    if (type === '' || !text.startsWith(ending, end)) continue;
    at = end + ending.length;
    blocks.push({ type, body: text.slice(typeEnd + dashes.length, end), text: text.slice(begin, at) });
  }
}
