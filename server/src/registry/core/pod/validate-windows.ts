/** Options of Windows containers. */
import type { Container, PodSpec, WindowsSecurityContextOptions } from '@typernetes/openapi/types/core/v1';
import type { FieldError, Path } from '../../validation/index.ts';
import { checked, dns1123Subdomain, forbiddenField, invalidValue } from '../../validation/index.ts';

const credentialSpecKiB = 64;
const domainLength = 256;
const userLength = 104;
const netBiosName = /^[^\\/:*?|".<][^\\/:*?|"<]{0,14}$/;
const dnsName = /^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/;
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const controlCharacter = /[\x00-\x1f\x7f-\x9f]/;

export function validateWindowsOptions(options: WindowsSecurityContextOptions | undefined, at: Path): FieldError[] {
  const { gmsaCredentialSpecName, gmsaCredentialSpec, runAsUserName } = options ?? {};
  const errors: FieldError[] = [];
  if (gmsaCredentialSpecName !== undefined) {
    const messages = dns1123Subdomain(gmsaCredentialSpecName);
    errors.push(...checked(at.child('gmsaCredentialSpecName'), gmsaCredentialSpecName, messages));
  }
  if (gmsaCredentialSpec !== undefined) {
    const here = at.child('gmsaCredentialSpec');
    if (gmsaCredentialSpec === '')
      errors.push(invalidValue(here, gmsaCredentialSpec, 'gmsaCredentialSpec cannot be an empty string'));
    else if (Buffer.byteLength(gmsaCredentialSpec) > credentialSpecKiB * 1024) {
      const message = `gmsaCredentialSpec size must be under ${credentialSpecKiB} KiB`;
      errors.push(invalidValue(here, gmsaCredentialSpec, message));
    }
  }
  if (runAsUserName !== undefined)
    errors.push(...checked(at.child('runAsUserName'), runAsUserName, userNameMessages(runAsUserName)));
  return errors;
}

/** `user` or `domain\user`. */
function userNameMessages(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (controlCharacter.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1) ?? '';
  const domain = parts.length === 2 ? parts[0] : undefined;
  const messages: string[] = [];
  if ((domain ?? '').length >= domainLength)
    messages.push(`runAsUserName's Domain length must be under ${domainLength} characters`);
  if (domain !== undefined && !netBiosName.test(domain) && !dnsName.test(domain))
    messages.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  if (user === '') messages.push("runAsUserName's User cannot be empty");
  else if (user.length > userLength)
    messages.push(`runAsUserName's User length must not be longer than ${userLength} characters`);
  if (/^[. ]+$/.test(user)) messages.push("runAsUserName's User cannot contain only periods or spaces");
  if (/["/\\:;|=,+*?<>@[\]]/.test(user))
    messages.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]');
  return messages;
}

/** Either all containers of a pod are host processes or none is (KEP-1981). */
export function validateHostProcess(spec: PodSpec, at: Path): FieldError[] {
  const pod = spec.securityContext?.windowsOptions?.hostProcess;
  const errors: FieldError[] = [];
  let containers = 0;
  let hostProcesses = 0;
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const)
    for (const [index, container] of (spec[field] ?? []).entries()) {
      const own = container.securityContext?.windowsOptions?.hostProcess;
      containers++;
      if (own ?? pod) hostProcesses++;
      if (pod === undefined || own === undefined || pod === own) continue;
      const here = at.child(field).index(index).child('securityContext', 'windowsOptions', 'hostProcess');
      const message = `pod hostProcess value must be identical if both are specified, was ${pod}`;
      errors.push(invalidValue(here, own, message));
    }
  if (hostProcesses === 0) return errors;
  if (hostProcesses !== containers) {
    const message = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalidValue(at, '', message));
  }
  if (!spec.hostNetwork) {
    const message = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalidValue(at.child('hostNetwork'), false, message));
  }
  return errors;
}

const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;
type SecurityContext = NonNullable<Container['securityContext']>;

function securityContexts(spec: PodSpec, at: Path): (readonly [context: SecurityContext, at: Path])[] {
  return containerLists.flatMap((list) =>
    (spec[list] ?? []).flatMap(({ securityContext }, index) =>
      securityContext == null ? [] : [[securityContext, at.child(list).index(index).child('securityContext')] as const],
    ),
  );
}

/** Only what is of Windows and must not be there. */
export function validateLinuxPod(spec: PodSpec, at: Path): FieldError[] {
  const own = spec.securityContext == null ? [] : [[spec.securityContext, at.child('securityContext')] as const];
  return [...own, ...securityContexts(spec, at)]
    .filter(([context]) => context.windowsOptions != null)
    .map(([, here]) => forbiddenField(here.child('windowsOptions'), 'windows options cannot be set for a linux pod'));
}

const notForWindows = 'cannot be set for a windows pod';

export function validateWindowsPod(spec: PodSpec, at: Path): FieldError[] {
  const { securityContext: pod } = spec;
  const here = at.child('securityContext');
  const linux: [value: unknown, at: Path][] = [
    [pod?.appArmorProfile, here.child('appArmorProfile')],
    [pod?.seLinuxOptions, here.child('seLinuxOptions')],
    [spec.hostUsers, at.child('hostUsers')],
    [spec.hostPID || undefined, at.child('hostPID')],
    [spec.hostIPC || undefined, at.child('hostIPC')],
    [pod?.seccompProfile, here.child('seccompProfile')],
    [pod?.fsGroup, here.child('fsGroup')],
    [pod?.fsGroupChangePolicy, here.child('fsGroupChangePolicy')],
    [pod?.sysctls?.length || undefined, here.child('sysctls')],
    [spec.shareProcessNamespace, at.child('shareProcessNamespace')],
    [pod?.runAsUser, here.child('runAsUser')],
    [pod?.runAsGroup, here.child('runAsGroup')],
    [pod?.supplementalGroups, here.child('supplementalGroups')],
    [pod?.supplementalGroupsPolicy, here.child('supplementalGroupsPolicy')],
    [pod?.seLinuxChangePolicy, here.child('seLinuxChangePolicy')],
  ];
  for (const [context, place] of securityContexts(spec, at))
    for (const field of linuxOnly) linux.push([context[field], place.child(field)]);
  return linux.filter(([value]) => value != null).map(([, place]) => forbiddenField(place, notForWindows));
}

const linuxOnly = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;
