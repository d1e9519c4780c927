/**
 * The one executable. Each subcommand is a component with upstream's flag names, loaded only when it is asked for: a
 * process pays for the code that it runs. `up` starts them all.
 */
import { Command } from 'commander';
import { boundMemory } from './memory.ts';

interface Subcommand {
  name: string;
  summary: string;
  /** `args` are what the command will be given. */
  load(args: readonly string[]): Promise<Command>;
}

const subcommands: readonly Subcommand[] = [
  {
    name: 'up',
    summary: 'start a whole cluster in the foreground and print the KUBECONFIG line to paste',
    load: async () => (await import('./up/command.ts')).upCommand(),
  },
  {
    name: 'apiserver',
    summary: 'serve the Kubernetes API from embedded storage or etcd',
    load: async (args) => (await import('@typernetes/server/apiserver')).apiserverCommand(args),
  },
  {
    name: 'controller-manager',
    summary: 'run the controllers that move the cluster towards its objects',
    load: async () => (await import('@typernetes/server/controller-manager')).controllerManagerCommand(),
  },
  {
    name: 'scheduler',
    summary: 'assign pods to nodes',
    load: async () => (await import('@typernetes/server/scheduler')).schedulerCommand(),
  },
  {
    name: 'node',
    summary: 'run kubelet, proxy and dns of one machine (or many simulated nodes) in one process',
    load: async () => (await import('@typernetes/nodes/node')).nodeCommand(),
  },
  {
    name: 'kubelet',
    summary: 'run the pods of this machine through a CRI runtime',
    load: async () => (await import('@typernetes/nodes/kubelet')).kubeletCommand(),
  },
  {
    name: 'proxy',
    summary: 'route Service addresses to pods with nftables',
    load: async () => (await import('@typernetes/nodes/proxy')).proxyCommand(),
  },
  {
    name: 'dns',
    summary: 'answer cluster DNS names',
    load: async () => (await import('@typernetes/nodes/dns')).dnsCommand(),
  },
  {
    name: 'conformance',
    summary: 'check any cluster: one promise of Kubernetes after the other, through kubectl and HTTP',
    load: async () => (await import('@typernetes/conformance/main')).conformanceCommand(),
  },
  {
    name: 'version',
    summary: 'print the versions of Typernetes, of the Kubernetes API that it serves, and of Node',
    load: async () => (await import('./version.ts')).versionCommand(),
  },
];

function overview(): Command {
  const program = new Command('typernetes')
    .description('Kubernetes in TypeScript: one executable, one subcommand per component.')
    .usage('<command> [options]')
    .helpCommand(false);
  for (const { name, summary } of subcommands) program.command(name).summary(summary).description(summary);
  program.addHelpText(
    'after',
    `
Start a cluster and use it:
  typernetes up                     starts everything, prints an export KUBECONFIG=… line
  kubectl get nodes                 in a second terminal, after pasting that line

Run "typernetes <command> --help" for the flags of a command.`,
  );
  return program;
}

/** A supervisor starts processes side by side and lets each begin when what it needs is there. */
function startMessage(): Promise<void> {
  return new Promise((resolve) => {
    const listen = (message: unknown): void => {
      if ((message as { type?: unknown }).type !== 'start') return;
      process.off('message', listen);
      resolve();
    };
    process.on('message', listen);
  });
}

/** A component whose supervisor was killed stops as if it had been asked to. */
function endWithSupervisor(): void {
  if (process.channel === undefined) return;
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
}

/** What newcomers try first: `help`, `help COMMAND`, `--version`. */
function meant(argv: readonly string[]): readonly string[] {
  const [first, second] = argv;
  if (first === '--version' || first === '-V') return ['version'];
  if (first !== 'help') return argv;
  return second === undefined ? ['--help'] : [second, '--help'];
}

async function main(argv: readonly string[]): Promise<void> {
  const [name, ...rest] = meant(argv);
  const subcommand = subcommands.find((candidate) => candidate.name === name);
  if (subcommand !== undefined) {
    const command = await subcommand.load(rest);
    command.name(`typernetes ${subcommand.name}`);
    endWithSupervisor();
    boundMemory();
    if (process.env['TYPERNETES_START_BY_MESSAGE'] !== undefined) await startMessage();
    await command.parseAsync(rest, { from: 'user' });
    return;
  }
  if (name === undefined || name === '--help' || name === '-h') {
    overview().outputHelp();
    return;
  }
  console.error(`typernetes: unknown command "${name}". Run "typernetes --help" for the list.`);
  process.exitCode = 1;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(`typernetes: ${error instanceof Error ? error.message : String(error)}`);
  if (process.env['TYPERNETES_DEBUG'] !== undefined && error instanceof Error) console.error(error.stack);
  process.exit(1);
}
