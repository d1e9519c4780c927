/** Group of messages → message, or version.message → its fields, separated by spaces. */
export type KeptZeros = Readonly<Record<string, Readonly<Record<string, string>>>>;
