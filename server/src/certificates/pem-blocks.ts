/** One `-----BEGIN TYPE-----` … `-----END TYPE-----` of a text. */
export interface PemBlock {
  type: string;
  /** With both lines around it. */
  whole: string;
  /** Between them. */
  body: string;
}

const begin = '-----BEGIN ';
const end = '-----END ';
const dashes = '-----';

/** What clients send is read in one pass: where an expression tries every pair of lines, megabytes of them take hours. */
export function* pemBlocks(text: string): Generator<PemBlock> {
  let from = text.indexOf(begin);
  while (from >= 0) {
    const endAt = text.indexOf(end, from);
    if (endAt < 0) return;
    const beginAt = text.lastIndexOf(begin, endAt);
    const labelEnd = text.indexOf(dashes, beginAt + begin.length);
    const type = text.slice(beginAt + begin.length, labelEnd);
    const stop = endAt + end.length + type.length + dashes.length;
    if (labelEnd < endAt && text.slice(endAt, stop) === `${end}${type}${dashes}`)
      yield { type, whole: text.slice(beginAt, stop), body: text.slice(labelEnd + dashes.length, endAt) };
    from = text.indexOf(begin, endAt + end.length);
  }
}

/** The texts of a bundle's certificates; what else there is is passed over, as upstream does. */
export function certificateBlocks(bundle: string): string[] {
  return [...pemBlocks(bundle)].filter(isPlainCertificate).map(({ whole }) => whole);
}

/** Blocks with headers are none of those that are meant. */
const isPlainCertificate = ({ type, body }: PemBlock): boolean => type === 'CERTIFICATE' && !body.includes(':');
