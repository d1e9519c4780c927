/** Flags that upstream's components share, and how their values read. */
import { parseBool } from '@typernetes/openapi/meta';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../../duration.ts';

/** In milliseconds: `1m30s`, `500ms`, `0`. */
export function parseDurationFlag(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined || milliseconds < 0) throw new InvalidArgumentError(`not a duration: ${text}`);
  return milliseconds;
}

function parseInteger(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new InvalidArgumentError(`not an integer: ${text}`);
  return Number(text);
}

/** `true` and `false` as values, or no value for true: Go's boolean flags. */
export function parseBoolean(text: string): boolean {
  const value = parseBool(text);
  if (value === undefined) throw new InvalidArgumentError(`not a boolean: ${text}`);
  return value;
}

export function booleanFlag(name: string, description: string, value: boolean): Option {
  return new Option(`--${name} [boolean]`, description).argParser(parseBoolean).preset('true').default(value);
}

export function durationFlag(name: string, description: string, value: string): Option {
  return new Option(`--${name} <duration>`, description)
    .argParser(parseDurationFlag)
    .default(parseDurationFlag(value), value);
}

export function integerFlag(name: string, description: string, value: number): Option {
  return new Option(`--${name} <number>`, description).argParser(parseInteger).default(value);
}

export interface LeaderElectionFlags {
  leaderElect: boolean;
  leaderElectLeaseDuration: number;
  leaderElectRenewDeadline: number;
  leaderElectRetryPeriod: number;
  leaderElectResourceName: string;
  leaderElectResourceNamespace: string;
}

export interface SharedFlags extends LeaderElectionFlags {
  kubeconfig?: string;
  bindAddress: string;
  securePort: number;
  tlsCertFile?: string;
  tlsPrivateKeyFile?: string;
  clientCaFile?: string;
  v: number;
}

/** Without what a flag means that has no value: Go's booleans need no explanation. */
function describe({ description, defaultValue, defaultValueDescription }: Option): string {
  if (defaultValue === undefined) return description;
  return `${description} (default: ${defaultValueDescription ?? String(defaultValue)})`;
}

export function addSharedFlags(command: Command, defaults: { securePort: number; leaseName: string }): Command {
  return command
    .configureHelp({ optionDescription: describe })
    .option(
      '--kubeconfig <file>',
      'how to reach the API server, and as whom; absent: as the ServiceAccount of this pod',
    )
    .option('--bind-address <address>', 'where to serve /healthz and /metrics', '0.0.0.0')
    .addOption(integerFlag('secure-port', 'port of /healthz and /metrics over HTTPS; 0: none', defaults.securePort))
    .option('--tls-cert-file <file>', 'certificate of --secure-port; absent: self-signed')
    .option('--tls-private-key-file <file>', 'key of that certificate')
    .option(
      '--client-ca-file <file>',
      'CA of client certificates for /metrics; absent: those that the API server takes',
    )
    .addOption(booleanFlag('leader-elect', 'work only while holding a lease, so that several can run', true))
    .addOption(durationFlag('leader-elect-lease-duration', 'others take over after so long without renewal', '15s'))
    .addOption(durationFlag('leader-elect-renew-deadline', 'the holder gives up after so long without success', '10s'))
    .addOption(durationFlag('leader-elect-retry-period', 'time between attempts to get or renew the lease', '2s'))
    .option('--leader-elect-resource-name <name>', 'name of the lease that the leader holds', defaults.leaseName)
    .option('--leader-elect-resource-namespace <namespace>', 'namespace of that lease', 'kube-system')
    .addOption(
      new Option('-v, --v <number>', 'verbosity of the log; 4 and more log everything')
        .argParser(parseInteger)
        .default(0),
    );
}
