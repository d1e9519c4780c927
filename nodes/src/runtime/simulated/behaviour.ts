/**
 * Behaviour of simulated pods is data. A pod says what its containers do in the annotation `typernetes.dev/simulate`
 * (JSON, see README.md); what it does not say follows from its command (script.ts) and from the defaults here.
 */
import { parseDuration } from '../../duration.ts';
import { type Step, stepsOf } from './script.ts';

const simulateAnnotation = 'typernetes.dev/simulate';

export interface ExecRule {
  /** A regular expression over the command's words joined by blanks. */
  match: string;
  stdout?: string;
  stderr?: string;
  exitCode?: number;
  /** stdin is copied to stdout until it ends. */
  echo?: boolean;
}

export interface PortRule {
  /** A whole HTTP answer for whatever is asked; absent: bytes come back as they were sent. */
  http?: { status?: number; body?: string };
}

export interface ProbeRule {
  /** Succeeds only so long after the container's start. */
  after?: string | number;
  /** Fails from so long after the container's start. */
  until?: string | number;
}

/** One container, as written in the annotation. */
export interface ContainerSimulation {
  startDelay?: string | number;
  startError?: string;
  runFor?: string | number;
  exitCode?: number;
  reason?: string;
  log?: string[];
  logEvery?: string | number;
  stopDelay?: string | number;
  stopExitCode?: number;
  cpuMillicores?: number;
  memoryBytes?: number;
  probes?: Partial<Record<ProbeName, ProbeRule>>;
  exec?: ExecRule[];
  ports?: Record<string, PortRule>;
}

/** The annotation: `*` names every container. */
export interface PodSimulation {
  sandboxDelay?: string | number;
  sandboxError?: string;
  containers?: Record<string, ContainerSimulation>;
}

export type ProbeName = 'liveness' | 'readiness' | 'startup';

export interface ContainerBehaviour {
  startDelayMs: number;
  startError: string;
  steps: readonly Step[];
  /** Why it ended, for example OOMKilled; by default Completed or Error from the exit code. */
  reason: string;
  stopDelayMs: number;
  stopExitCode: number;
  cpuMillicores: number;
  memoryBytes: number;
  probes: Partial<Record<ProbeName, { afterMs: number; untilMs: number }>>;
  exec: readonly ExecRule[];
  ports: Record<string, PortRule>;
}

const defaultExec: readonly ExecRule[] = [
  { match: '^(/bin/)?cat$', echo: true },
  { match: '^(/bin/)?(sh|bash|ash)$', echo: true },
  { match: '^(/bin/)?(true|test.*)$' },
  { match: '^(/bin/)?false$', exitCode: 1 },
];

const milliseconds = (value: string | number | undefined, fallback: number): number =>
  value === undefined ? fallback : parseDuration(value);

function steps(simulation: ContainerSimulation, command: readonly string[]): Step[] {
  const { log, runFor, exitCode } = simulation;
  if (log === undefined && runFor === undefined && exitCode === undefined) return stepsOf(command);
  const every = milliseconds(simulation.logEvery, 0);
  const lines = (log ?? []).flatMap((text, index): Step[] => [
    ...(every > 0 && index > 0 ? [{ type: 'sleep' as const, milliseconds: every }] : []),
    { type: 'log', stream: 'stdout', text },
  ]);
  if (runFor === undefined && exitCode === undefined) return [...lines, { type: 'block' }];
  return [...lines, { type: 'sleep', milliseconds: milliseconds(runFor, 0) }, { type: 'exit', code: exitCode ?? 0 }];
}

/** Throws SyntaxError when the annotation is no JSON object: the runtime reports it as the sandbox's error. */
export function podSimulation(annotations: Readonly<Record<string, string>>): PodSimulation {
  const text = annotations[simulateAnnotation];
  if (text === undefined) return {};
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new SyntaxError(`${simulateAnnotation} is no JSON object`);
  }
  return parsed;
}

export function containerBehaviour(pod: PodSimulation, name: string, command: readonly string[]): ContainerBehaviour {
  const simulation: ContainerSimulation = { ...pod.containers?.['*'], ...pod.containers?.[name] };
  const probes: ContainerBehaviour['probes'] = {};
  for (const [probe, rule] of Object.entries(simulation.probes ?? {})) {
    probes[probe as ProbeName] = {
      afterMs: milliseconds(rule.after, 0),
      untilMs: milliseconds(rule.until, Number.POSITIVE_INFINITY),
    };
  }
  return {
    startDelayMs: milliseconds(simulation.startDelay, 0),
    startError: simulation.startError ?? '',
    steps: steps(simulation, command),
    reason: simulation.reason ?? '',
    stopDelayMs: milliseconds(simulation.stopDelay, 0),
    stopExitCode: simulation.stopExitCode ?? 0,
    cpuMillicores: simulation.cpuMillicores ?? 1,
    memoryBytes: simulation.memoryBytes ?? 8 * 1024 * 1024,
    probes,
    exec: [...(simulation.exec ?? []), ...defaultExec],
    ports: simulation.ports ?? {},
  };
}

/** What a command executed in the container answers; a script is walked without waiting. */
export function execAnswer(
  behaviour: ContainerBehaviour,
  command: readonly string[],
): { stdout: string; stderr: string; exitCode: number; echo: boolean } {
  const line = command.join(' ');
  const rule = behaviour.exec.find(({ match }) => new RegExp(match).test(line));
  if (rule !== undefined) {
    return {
      stdout: rule.stdout ?? '',
      stderr: rule.stderr ?? '',
      exitCode: rule.exitCode ?? 0,
      echo: rule.echo ?? false,
    };
  }
  const answer = { stdout: '', stderr: '', exitCode: 0, echo: false };
  for (const step of stepsOf(command)) {
    if (step.type === 'log') answer[step.stream] += `${step.text}\n`;
    if (step.type === 'exit') return { ...answer, exitCode: step.code };
  }
  const name = command[0] ?? '';
  if (answer.stdout === '' && answer.stderr === '') {
    return {
      ...answer,
      stderr: `exec: ${JSON.stringify(name)}: executable file not found in a simulated container\n`,
      exitCode: 127,
    };
  }
  return answer;
}
