/**
 * What a simulated process does, as steps; and a reader of the few shell words that say what a container in a test or
 * an example will do: `echo`, `printf`, `sleep`, `exit`, `true`, `false`, `date`, `while true; do …; done`. A command
 * that it does not know is taken for a server: it runs until it is stopped.
 */

export type Step =
  | { type: 'log'; stream: 'stdout' | 'stderr'; text: string }
  | { type: 'sleep'; milliseconds: number }
  | { type: 'exit'; code: number }
  /** Runs until it is stopped. */
  | { type: 'block' }
  /** The steps before this one, from the given index, again. */
  | { type: 'repeat'; from: number };

const runForEver: Step[] = [{ type: 'block' }];

function words(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double?.replaceAll(/\\(.)/g, '$1') ?? single ?? bare ?? '',
  );
}

function sleepMilliseconds(argument: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(argument ?? '');
  if (match === null) return undefined;
  const scale = { '': 1000, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? ''] ?? 1000;
  return Number(match[1]) * scale;
}

/** One simple command; undefined when it is none of those known. */
function commandSteps(command: readonly string[]): Step[] | undefined {
  const [name, ...rest] = command;
  const toStderr = rest.some((word) => /^1?>&2$/.test(word));
  const text = rest.filter((word) => !/^[12]?>/.test(word));
  switch (name?.slice(name.lastIndexOf('/') + 1)) {
    case 'echo':
    case 'printf':
      return [
        {
          type: 'log',
          stream: toStderr ? 'stderr' : 'stdout',
          text: text.filter((word) => word !== '-n' && word !== '-e').join(' '),
        },
      ];
    case 'sleep': {
      if (text[0] === 'infinity' || text[0] === 'inf') return runForEver;
      const milliseconds = sleepMilliseconds(text[0]);
      return milliseconds === undefined ? [{ type: 'exit', code: 1 }] : [{ type: 'sleep', milliseconds }];
    }
    case 'exit':
      return [{ type: 'exit', code: Number.parseInt(text[0] ?? '0', 10) & 0xff }];
    case 'true':
    case ':':
    case 'trap':
    case 'set':
      return [];
    case 'false':
      return [{ type: 'exit', code: 1 }];
    default:
      return undefined;
  }
}

function splitStatements(script: string): string[] {
  const parts: string[] = [];
  let current = '';
  let quote = '';
  for (let index = 0; index < script.length; index++) {
    const character = script.charAt(index);
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") {
      quote = character;
    } else if (character === ';' || character === '\n' || script.startsWith('&&', index)) {
      parts.push(current.trim());
      current = '';
      if (character === '&') index++;
      continue;
    }
    current += character;
  }
  parts.push(current.trim());
  return parts.filter((part) => part !== '');
}

function scriptSteps(script: string): Step[] {
  const steps: Step[] = [];
  const loops: number[] = [];
  for (const statement of splitStatements(script)) {
    if (/^while (true|:)$/.test(statement)) {
      loops.push(steps.length);
      continue;
    }
    if (statement === 'done') {
      // Nothing comes after an endless loop.
      return [...steps, { type: 'repeat', from: loops.pop() ?? 0 }];
    }
    const parsed = commandSteps(words(statement.replace(/^(do|exec) /, '')));
    if (parsed === undefined) return [...steps, ...runForEver];
    steps.push(...parsed);
    if (parsed.some((step) => step.type === 'exit' || step.type === 'block')) return steps;
  }
  return [...steps, { type: 'exit', code: 0 }];
}

/** The steps of a container's command and args. */
export function stepsOf(command: readonly string[]): Step[] {
  if (command.length === 0) return runForEver;
  const flag = command.findIndex((word) => /^-[a-z]*c$/.test(word));
  if (/(^|\/)(sh|bash|ash|dash)$/.test(command[0] ?? '') && flag > 0) return scriptSteps(command[flag + 1] ?? '');
  const steps = commandSteps(command);
  if (steps === undefined) return runForEver;
  return steps.some((step) => step.type === 'exit' || step.type === 'block')
    ? steps
    : [...steps, { type: 'exit', code: 0 }];
}
