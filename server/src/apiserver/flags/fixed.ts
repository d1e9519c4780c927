/**
 * Flags of upstream that have one value here, or none: what they would change is not there. They are taken with that
 * value, so that command lines that say it need no change, and refused with any other.
 */
import { InvalidArgumentError } from 'commander';
import { boolean } from './parsers.ts';

type Fixed = readonly [name: string, value: string | boolean, why: string];

const gated = 'its feature is off by default and not there';
const noGoProfiles = 'there are no Go profiles; use the inspector and --cpu-prof of Node';
const oneVersion = 'this server serves v1.36 as v1.36';
const audit = 'audit.k8s.io/v1';

/** Upstream's flags that may say only this. */
export const fixedFlags: readonly Fixed[] = [
  ['storage-backend', 'etcd3', 'there is etcd v3 (--etcd-servers), and embedded storage (--storage-dir)'],
  ['storage-media-type', 'application/json', 'objects are stored as JSON; what is stored as protobuf is read'],
  ['watch-cache', true, 'all reads that may be cached are'],
  ['profiling', false, noGoProfiles],
  ['contention-profiling', false, noGoProfiles],
  ['enable-logs-handler', false, 'there is no /logs handler'],
  ['enable-garbage-collector', true, 'the garbage collector is the controller manager’s, and always counted on'],
  ['logging-format', 'json', 'the log is one JSON object a line'],
  ['audit-log-version', audit, 'there is this version only'],
  ['audit-webhook-version', audit, 'there is this version only'],
  ['emulation-forward-compatible', false, oneVersion],
  ['runtime-config-emulation-forward-compatible', false, oneVersion],
  ['emulated-version', '1.36', oneVersion],
  ['min-compatibility-version', '1.35', oneVersion],
];

/** Upstream's flags that cannot be given. */
export const refusedFlags: readonly (readonly [name: string, why: string])[] = [
  ['admission-control', 'it is deprecated: use --enable-admission-plugins and --disable-admission-plugins'],
  ['debug-socket-path', noGoProfiles],
  ['egress-selector-config-file', 'requests leave this server directly; there is no tunnel (konnectivity)'],
  ['max-connection-bytes-per-sec', 'connections are not throttled'],
  ['peer-advertise-ip', gated],
  ['peer-advertise-port', gated],
  ['peer-ca-file', gated],
  ['coordinated-leadership-lease-duration', gated],
  ['coordinated-leadership-renew-deadline', gated],
  ['coordinated-leadership-retry-period', gated],
];

/** Throws unless it is the one value. */
export function onlyValue([, value, why]: Fixed): (text: string | boolean) => string | boolean {
  return (text) => {
    const given = typeof value === 'boolean' ? boolean(text) : text;
    if (given !== value) throw new InvalidArgumentError(`${why}. It can only be ${value}.`);
    return given;
  };
}

export function refuse(why: string): () => never {
  return () => {
    throw new InvalidArgumentError(`${why}.`);
  };
}
