/** What is said of a pod's containers. */
import type { Container, ContainerStatus, PodSpec, PodStatus } from '@typernetes/openapi/types/core/v1';
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  type Path,
  required,
  tooLong,
} from '../../validation/index.ts';

type Statuses = readonly Partial<ContainerStatus>[];
type Status = Readonly<PodStatus>;

const lists = {
  containerStatuses: 'containers',
  initContainerStatuses: 'initContainers',
  ephemeralContainerStatuses: 'ephemeralContainers',
} as const;
const fields = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const;
const healths = ['Healthy', 'Unhealthy', 'Unknown'];
const maxHealthMessage = 1024;
const maxId = 2147483647;

export function validateContainerStatuses(
  status: Status,
  old: Status,
  spec: PodSpec | undefined,
  at: Path,
): FieldError[] {
  return [
    ...fields.flatMap((field) =>
      validateStaysTerminated(status[field] ?? [], old[field] ?? [], at.child(field), (name, exitCode) =>
        mayRestart(spec, field, name, exitCode),
      ),
    ),
    ...fields.flatMap((field) => validateUsers(status[field] ?? [], spec?.os?.name ?? 'linux', at.child(field))),
    ...fields.flatMap((field) =>
      field === 'ephemeralContainerStatuses'
        ? refuseAllocatedResources(status[field] ?? [], at.child(field))
        : validateAllocatedResources(status[field] ?? [], spec?.[lists[field]] ?? [], at.child(field)),
    ),
  ];
}

/** What has ended for good does not run again. */
function validateStaysTerminated(
  statuses: Statuses,
  old: Statuses,
  at: Path,
  mayRestart: (name: string, exitCode: number) => boolean,
): FieldError[] {
  return old.flatMap(({ name = '', state }, index) => {
    if (!state?.terminated) return [];
    const after = statuses.find((status) => status.name === name && !status.state?.terminated);
    if (!after || mayRestart(name, state.terminated.exitCode ?? 0)) return [];
    return [forbiddenField(at.index(index).child('state'), 'may not be transitioned to non-terminated state')];
  });
}

/** By a rule of its own, by its own policy, by the pod's; and whoever may restart all restarts each. */
function mayRestart(spec: PodSpec | undefined, field: keyof typeof lists, name: string, exitCode: number): boolean {
  if (field === 'ephemeralContainerStatuses') return false;
  const rules = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].flatMap(
    ({ restartPolicyRules }) => restartPolicyRules ?? [],
  );
  if (rules.some(({ action }) => action === 'RestartAllContainers')) return true;
  const container = spec?.[lists[field]]?.find((each) => each.name === name);
  if (!container) return false;
  if (container.restartPolicy && hasMatchingRule(container, exitCode)) return true;
  const policy = container.restartPolicy ?? spec?.restartPolicy;
  return policy === 'OnFailure' ? exitCode !== 0 : policy !== 'Never';
}

function hasMatchingRule({ restartPolicyRules }: Container, exitCode: number): boolean {
  const rule = (restartPolicyRules ?? []).find(({ exitCodes }) => {
    const listed = (exitCodes?.values ?? []).includes(exitCode);
    return exitCodes?.operator === 'In' ? listed : exitCodes?.operator === 'NotIn' && !listed;
  });
  return rule?.action === 'Restart';
}

function validateUsers(statuses: Statuses, os: string, at: Path): FieldError[] {
  return statuses.flatMap(({ user }, index) => {
    const linux = user?.linux;
    const here = at.index(index).child('user', 'linux');
    if (!linux) return [];
    if (os === 'windows') return [forbiddenField(here, 'cannot be set for a windows pod')];
    if (os !== 'linux') return [];
    return [
      ...validateId(linux.uid, here.child('uid')),
      ...validateId(linux.gid, here.child('gid')),
      ...(linux.supplementalGroups ?? []).flatMap((group, index) =>
        validateId(group, here.child('supplementalGroups').index(index)),
      ),
    ];
  });
}

const validateId = (id: number | undefined, at: Path): FieldError[] =>
  (id ?? 0) >= 0 && (id ?? 0) <= maxId ? [] : [invalidValue(at, id, `must be between 0 and ${maxId}, inclusive`)];

const refuseAllocatedResources = (statuses: Statuses, at: Path): FieldError[] =>
  statuses.flatMap(({ allocatedResourcesStatus }, index) =>
    (allocatedResourcesStatus ?? []).length === 0
      ? []
      : [
          forbiddenField(
            at.index(index).child('allocatedResourcesStatus'),
            'must not be specified in container status',
          ),
        ],
  );

function validateAllocatedResources(statuses: Statuses, containers: readonly Container[], at: Path): FieldError[] {
  return statuses.flatMap(({ name, allocatedResourcesStatus }, index) => {
    const container = containers.find((each) => each.name === name);
    return (allocatedResourcesStatus ?? []).flatMap((resource, position) => {
      const here = at.index(index).child('allocatedResourcesStatus').index(position);
      return [
        ...(container ? validateResourceName(resource.name ?? '', container, here.child('name')) : []),
        ...validateHealths(resource.resources ?? [], here.child('resources')),
      ];
    });
  });
}

function validateResourceName(name: string, { resources }: Container, at: Path): FieldError[] {
  if (!name.startsWith('claim:')) {
    if (Object.hasOwn(resources?.requests ?? {}, name)) return [];
    return [invalidValue(at, name, "must match one of the container's resource requests")];
  }
  const claimed = (resources?.claims ?? []).some(
    (claim) => name === `claim:${claim.name}${claim.request ? `/${claim.request}` : ''}`,
  );
  const message =
    "must match one of the container's resource claims in a format 'claim:<claimName>/<request>' or 'claim:<claimName>' if request is empty";
  return claimed ? [] : [invalidValue(at, name, message)];
}

interface Health {
  resourceID?: string;
  health?: string;
  message?: string;
}

function validateHealths(resources: readonly Health[], at: Path): FieldError[] {
  const seen = new Set<string>();
  return resources.flatMap(({ resourceID = '', health = '', message }, index) => {
    const here = at.index(index);
    const errors = healths.includes(health) ? [] : [notSupported(here.child('health'), health, healths)];
    if (message === '') errors.push(required(here.child('message'), 'must be non-empty if specified'));
    else if (message != null && Buffer.byteLength(message) > maxHealthMessage)
      errors.push(tooLong(here.child('message'), message, maxHealthMessage));
    if (seen.has(resourceID)) errors.push(duplicate(here.child('resourceID'), resourceID));
    seen.add(resourceID);
    return errors;
  });
}
