import type { SpecField, SpecMessages } from './spec.ts';
import type { ProtobufFacts } from './upstream.ts';

/** Field numbers by package and message, fields in the order of their numbers. */
export function distilProtobuf(facts: ProtobufFacts | undefined): Record<string, SpecMessages> | undefined {
  if (facts === undefined) return undefined;
  const packages: Record<string, SpecMessages> = {};
  for (const name of Object.keys(facts).sort()) {
    const messages: SpecMessages = {};
    for (const [message, fields] of Object.entries(facts[name]?.messages ?? {}).sort(byKey)) {
      messages[message] = Object.fromEntries(
        Object.entries(fields)
          .sort(([, a], [, b]) => a.number - b.number)
          .map(([field, { number, type, repeated }]): [string, SpecField] => {
            const short = type.replace(/^\./, '').replace('>.', '>').replaceAll(',.', ',');
            return [field, repeated ? [number, short, 'repeated'] : [number, short]];
          }),
      );
    }
    if (Object.keys(messages).length > 0) packages[name] = messages;
  }
  return packages;
}

export const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : a > b ? 1 : 0;
