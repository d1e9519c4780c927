/** The command line: upstream's flag names and forms. */

import { kubernetesVersion } from '@typernetes/openapi/catalogue';
import { Command, Option } from 'commander';
import { formatDuration } from '../../duration.ts';
import { type ApiserverOptions, defaultOptions } from '../config.ts';
import { fixedFlags, onlyValue, refuse, refusedFlags } from './fixed.ts';
import { ignoredFlags } from './ignored.ts';
import { boolean, chance, integer, list, milliseconds, type Parser, seconds } from './parsers.ts';
import { type Flag, flags, unused } from './table.ts';

/** All flags, with the values that these options are. */
export function flagValues(options: ApiserverOptions): Record<string, string> {
  return Object.fromEntries([
    ...flags.map(([name, field, parse]) => {
      const value = options[field];
      return [name, Array.isArray(value) ? `[${value.join(',')}]` : valueText(parse, value)] as const;
    }),
    ...fixedFlags.map(([name, value]) => [name, String(value)] as const),
  ]);
}

function valueText(parse: Parser, value: ApiserverOptions[keyof ApiserverOptions]): string {
  if (typeof value !== 'number') return String(value ?? '');
  if (parse === milliseconds) return formatDuration(value);
  return parse === seconds ? formatDuration(value * 1000) : String(value);
}

/** What the help says a flag takes. */
function placeholder(name: string, parse: unknown): string {
  if (parse === boolean) return '[boolean]';
  if (parse === integer || parse === chance) return '<number>';
  if (parse === milliseconds || parse === seconds) return '<duration>';
  if (parse === list) return '<list>';
  return /-(ca|cert|key)?(file|certificate|key|authority)$|-config$/.test(name) ? '<file>' : '<value>';
}

function flagOption([name, field, parse, description]: Flag): Option {
  const initial = valueText(parse, defaultOptions[field]);
  const option = new Option(
    `--${name} ${placeholder(name, parse)}`,
    initial === '' ? description : `${description} (default: ${initial})`,
  );
  if ((parse as unknown) === boolean) option.preset(true);
  if (description === unused) option.hideHelp();
  return option.argParser(parse as (value: string, previous: unknown) => unknown);
}

/** What upstream has besides: see fixed.ts and ignored.ts. */
function otherOptions(): Option[] {
  return [
    ...fixedFlags.map((flag) =>
      typeof flag[1] === 'boolean'
        ? new Option(`--${flag[0]} [boolean]`).preset(true as never).argParser(onlyValue(flag))
        : new Option(`--${flag[0]} <value>`).argParser(onlyValue(flag)),
    ),
    ...refusedFlags.map(([name, why]) => new Option(`--${name} [value]`).preset('').argParser(refuse(why))),
    ...ignoredFlags.map(([name]) => new Option(`${name === 'v' ? '-v, ' : ''}--${name} [value]`)),
  ];
}

/** `run` gets the options given; the defaults are startApiserver's. */
export function apiserverFlags(run: (options: Partial<ApiserverOptions>) => Promise<void>): Command {
  const command = new Command('apiserver')
    .description('Serve the Kubernetes API from embedded storage (--storage-dir) or etcd (--etcd-servers).')
    .configureHelp({ optionDescription: (option) => option.description })
    .allowExcessArguments(false);
  for (const flag of flags) command.addOption(flagOption(flag));
  for (const option of otherOptions()) command.addOption(option.hideHelp());
  command.version(
    `Kubernetes ${kubernetesVersion.gitVersion}`,
    '--version',
    'print the version of Kubernetes, and end',
  );
  return command.action(async (values: Record<string, unknown>) => {
    const options: Record<string, unknown> = {};
    for (const [name, field] of flags) {
      const value = values[camelCase(name)];
      if (value !== undefined) options[field] = value;
    }
    await run(options as Partial<ApiserverOptions>);
  });
}

function camelCase(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
