/** Upstream's alphabet without vowels, so that no words come about. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const maxNameLength = 63;
const randomLength = 5;

/** `random` gives numbers in [0, 1), as Math.random. */
function randomSuffix(random: () => number, length = randomLength): string {
  let result = '';
  for (let index = 0; index < length; index++) result += alphabet[Math.floor(random() * alphabet.length)];
  return result;
}

/** metadata.generateName → a name: the base, cut so that the whole stays within 63 characters, and five random ones. */
export function generateName(base: string, random: () => number): string {
  return base.slice(0, maxNameLength - randomLength) + randomSuffix(random);
}
