/** PodSecurityConfiguration: the policy of namespaces without labels, and what is exempt from all policies. */
import {
  aggregateFieldErrors,
  aggregateMessages,
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  type FieldError,
  invalidValue,
  path,
} from '@typernetes/openapi/meta';
import { type ConfigKind, decodeConfig, list, string, struct } from '../../apiserver/structured/config-file.ts';
import {
  levelProblem,
  modes,
  openPolicy,
  type Policy,
  parseLevel,
  parseMinor,
  versionProblem,
} from '../plugins/pod-security/policy.ts';
import { PluginInitializationError } from './errors.ts';

const exempt = ['namespaces', 'runtimeClasses', 'usernames'] as const;
type Exemption = (typeof exempt)[number];

export interface PodSecuritySettings {
  defaults: Policy;
  exemptions: Readonly<Record<Exemption, ReadonlySet<string>>>;
}

interface Configuration {
  defaults?: Record<string, string | undefined>;
  exemptions?: Partial<Record<Exemption, string[]>>;
}

const kind: ConfigKind = {
  group: 'pod-security.admission.config.k8s.io',
  kind: 'PodSecurityConfiguration',
  versions: ['v1', 'v1beta1', 'v1alpha1'],
  schema: struct({
    defaults: struct(
      Object.fromEntries(modes.flatMap((mode) => [mode, `${mode}-version`]).map((field) => [field, string])),
    ),
    exemptions: struct(Object.fromEntries(exempt.map((field) => [field, list(string)]))),
  }),
};

/** Throws on what is no valid configuration. */
export function readPodSecurity(text: string | undefined): PodSecuritySettings {
  const { defaults = {}, exemptions = {} } =
    text === undefined || text === '' ? {} : decodeConfig<Configuration>(text, kind);
  const policy = defaultPolicy(defaults);
  const message = aggregateFieldErrors(exempt.flatMap((field) => problems(field, exemptions[field] ?? [])));
  if (message !== undefined) throw new PluginInitializationError(`PodSecurity invalid: ${message}`);
  const { namespaces, runtimeClasses, usernames } = exemptions;
  return {
    defaults: policy,
    exemptions: {
      namespaces: new Set(namespaces),
      runtimeClasses: new Set(runtimeClasses),
      usernames: new Set(usernames),
    },
  };
}

function defaultPolicy(given: Record<string, string | undefined>): Policy {
  const policy: Policy = { ...openPolicy };
  const wrong: string[] = [];
  for (const mode of modes) {
    const level = parseLevel(given[mode] || 'privileged');
    const minor = parseMinor(given[`${mode}-version`] || 'latest');
    if (level === undefined) wrong.push(`${mode}: ${levelProblem}`);
    if (minor === null) wrong.push(`${mode}-version: ${versionProblem}`);
    policy[mode] = { level: level ?? 'restricted', minor: minor ?? undefined };
  }
  const message = aggregateMessages(wrong);
  if (message !== undefined) throw new PluginInitializationError(`PodSecurity configuration error: ${message}`);
  return policy;
}

const checks: Readonly<Record<Exemption, (name: string) => string[]>> = {
  namespaces: dns1123Label,
  runtimeClasses: dns1123Subdomain,
  usernames: (name) => (name === '' ? ['username must not be empty'] : []),
};

function problems(field: Exemption, names: readonly string[]): FieldError[] {
  const seen = new Set<string>();
  return names.flatMap((name, index) => {
    const at = path('exemptions', field).index(index);
    const wrong = checks[field](name);
    if (wrong.length > 0) return [invalidValue(at, name, wrong.join(', '))];
    if (seen.has(name)) return [duplicate(at, name)];
    seen.add(name);
    return [];
  });
}
