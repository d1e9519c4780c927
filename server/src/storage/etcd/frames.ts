/** gRPC's length-prefixed messages, uncompressed. */
const prefixBytes = 5;

/** `message` is given in parts, which are copied once. */
export function framed(message: readonly Buffer[]): Buffer {
  const length = message.reduce((sum, part) => sum + part.length, 0);
  const frame = Buffer.allocUnsafe(prefixBytes + length);
  frame[0] = 0;
  frame.writeUInt32BE(length, 1);
  let at = prefixBytes;
  for (const part of message) at += part.copy(frame, at);
  return frame;
}

/** Puts messages together from the pieces that they come in. */
export class Messages {
  #pieces: Buffer[] = [];
  #held = 0;
  /** With fewer bytes nothing can be done. */
  #needed = prefixBytes;

  /** The messages that this piece ends. */
  take(piece: Buffer): Buffer[] {
    this.#pieces.push(piece);
    this.#held += piece.length;
    if (this.#held < this.#needed) return [];
    const messages: Buffer[] = [];
    let rest = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces);
    for (;;) {
      this.#needed = rest.length < prefixBytes ? prefixBytes : prefixBytes + rest.readUInt32BE(1);
      if (rest.length < this.#needed) break;
      messages.push(rest.subarray(prefixBytes, this.#needed));
      rest = rest.subarray(this.#needed);
    }
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#held = rest.length;
    return messages;
  }
}
