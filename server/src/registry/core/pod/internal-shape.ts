/** What upstream shows in messages: its internal objects, under Go's names. */
import type {
  NodeSelectorRequirement,
  NodeSelectorTerm,
  SeccompProfile,
  SecurityContext,
} from '@typernetes/openapi/types/core/v1';

const internalRequirements = (list: readonly NodeSelectorRequirement[] | undefined): unknown =>
  list?.map(({ key, operator, values }) => ({ Key: key, Operator: operator, Values: values ?? null })) ?? null;

export const internalTerm = ({ matchExpressions, matchFields }: NodeSelectorTerm): unknown => ({
  MatchExpressions: internalRequirements(matchExpressions),
  MatchFields: internalRequirements(matchFields),
});

export const internalProfile = ({ type, localhostProfile }: Partial<SeccompProfile>): unknown => ({
  Type: type ?? '',
  LocalhostProfile: localhostProfile ?? null,
});

export function internalSecurityContext(context: SecurityContext): unknown {
  const { capabilities, seLinuxOptions: labels, windowsOptions: windows } = context;
  return {
    Capabilities: capabilities ? { Add: capabilities.add ?? null, Drop: capabilities.drop ?? null } : null,
    Privileged: context.privileged ?? null,
    SELinuxOptions: labels
      ? { User: labels.user ?? '', Role: labels.role ?? '', Type: labels.type ?? '', Level: labels.level ?? '' }
      : null,
    WindowsOptions: windows
      ? {
          GMSACredentialSpecName: windows.gmsaCredentialSpecName ?? null,
          GMSACredentialSpec: windows.gmsaCredentialSpec ?? null,
          RunAsUserName: windows.runAsUserName ?? null,
          HostProcess: windows.hostProcess ?? null,
        }
      : null,
    RunAsUser: context.runAsUser ?? null,
    RunAsGroup: context.runAsGroup ?? null,
    RunAsNonRoot: context.runAsNonRoot ?? null,
    ReadOnlyRootFilesystem: context.readOnlyRootFilesystem ?? null,
    AllowPrivilegeEscalation: context.allowPrivilegeEscalation ?? null,
    ProcMount: context.procMount ?? null,
    SeccompProfile: context.seccompProfile ? internalProfile(context.seccompProfile) : null,
    AppArmorProfile: context.appArmorProfile ? internalProfile(context.appArmorProfile) : null,
  };
}
