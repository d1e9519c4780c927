/** A number that JavaScript does not hold as it was written. */

const json = JSON as unknown as { rawJSON(text: string): unknown };

/**
 * An integer beyond 2^53, or before its check any number as it was written; JSON.stringify writes it digit for digit.
 * Where a number is expected (`value < 0`) it is the nearest that there is, in a text its digits.
 */
export class RawNumber {
  readonly rawJSON: string;

  constructor(rawJSON: string) {
    this.rawJSON = rawJSON;
    Object.freeze(this);
  }

  toJSON(): unknown {
    return json.rawJSON(this.rawJSON);
  }

  [Symbol.toPrimitive](hint: string): number | string {
    return hint === 'string' ? this.rawJSON : Number(this.rawJSON);
  }
}
