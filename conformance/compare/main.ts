/** `compare --kubeconfig A --against B`: the same requests to two clusters, and where their answers differ. */
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import type { Case } from './case.ts';
import { corpus } from './corpus/index.ts';
import { explained } from './explained.ts';
import { closingLine, describeCase, explainedList, totals } from './report.ts';
import { runCases } from './run.ts';
import { servedCases } from './served.ts';
import { sweepCases } from './sweep.ts';
import { clusterTarget } from './target.ts';

interface Options {
  kubeconfig: string;
  against: string;
  focus?: RegExp;
  skip?: RegExp;
  parallel: number;
  sweep?: boolean;
  list?: boolean;
  differences?: string;
  explained?: string;
}

const regularExpression = (text: string): RegExp => {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
};

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('a whole number of at least 1 is needed');
  return value;
};

const program = new Command('compare')
  .description(
    'Send the same requests to two clusters and compare status, reason, message, causes, warnings, the whole objects ' +
      'with their defaults, and Table cells. Uids, times, resource versions, allocated addresses and random suffixes ' +
      'may differ. Each case has a namespace of its own. Exits 0 only if every difference is explained.\n\n' +
      'Both clusters should be API servers without controllers: what a controller writes between two requests shows ' +
      'up as a difference.',
  )
  .requiredOption('--kubeconfig <file>', 'the first cluster: the one that is judged')
  .requiredOption('--against <file>', 'the second cluster: the reference')
  .option('--focus <regexp>', 'only cases whose name matches', regularExpression)
  .option('--skip <regexp>', 'leave out cases whose name matches', regularExpression)
  .option(
    '--sweep',
    'also one request for each field of each kind and each odd value (thousands), from the OpenAPI of the reference',
  )
  .option('--parallel <n>', 'how many cases run side by side', count, 4)
  .option('--differences <file>', 'write the unexplained differences as JSON there')
  .option('--explained <file>', 'write the explained differences, each under its reason, there')
  .option('--list', 'print the names of the cases and end')
  .action(async (options: Options) => {
    process.exitCode = await compare(options);
  });

async function compare(options: Options): Promise<number> {
  const first = clusterTarget(options.kubeconfig);
  const second = clusterTarget(options.against);
  try {
    const all: Case[] = [...corpus(), ...(options.sweep === true ? await sweepCases(second) : [])];
    const chosen = all.filter(
      ({ name }) => (options.focus?.test(name) ?? true) && !(options.skip?.test(name) ?? false),
    );
    if (options.list === true) {
      for (const { name, steps } of chosen) console.log(`${name} (${steps.length})`);
      return 0;
    }
    if (chosen.length === 0) throw new Error('no case matches --focus and --skip; --list prints all names');
    const cases = await servedCases(chosen, first, second);
    if (cases.length < chosen.length)
      console.log(`${chosen.length - cases.length} cases left out: neither cluster serves their API versions\n`);
    const outcomes = await runCases(cases, first, second, {
      explanations: explained,
      parallel: options.parallel,
      onOutcome: (outcome) => {
        const text = describeCase(outcome);
        if (text !== '') console.log(`${text}\n`);
      },
    });
    if (options.explained !== undefined) writeFileSync(options.explained, explainedList(outcomes));
    if (options.differences !== undefined) {
      const found = outcomes.flatMap(({ case: { name }, steps }) =>
        steps
          .filter(({ unexplained }) => unexplained.length > 0)
          .map(({ request, step, unexplained }) => ({
            case: name,
            request,
            label: step.label,
            differences: unexplained,
          })),
      );
      writeFileSync(options.differences, JSON.stringify(found, null, 1));
    }
    const result = totals(outcomes);
    console.log(`first:  ${first.name}\nsecond: ${second.name}\n${closingLine(result)}`);
    return result.differ === 0 ? 0 : 1;
  } finally {
    first.close();
    second.close();
  }
}

await program.parseAsync();
