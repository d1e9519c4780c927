/** What a caller may leave out of a message (all of it: absent means the zero value), and what every call accepts. */

type Scalar = string | number | boolean | bigint | Uint8Array | undefined;

export type Input<T> = T extends Scalar
  ? T
  : T extends readonly (infer Element)[]
    ? readonly Input<Element>[]
    : { readonly [Key in keyof T]?: Input<T[Key]> | undefined };

export interface CallOptions {
  /** Ends the call with CANCELLED. */
  signal?: AbortSignal;
  /** Ends the call with DEADLINE_EXCEEDED after so many milliseconds; 0 waits for ever. */
  timeoutMs?: number;
}
