/** What annotations of pods mean to the server: profiles of AppArmor and seccomp from before their fields, and a few more. */
import type { Container, Pod, PodSpec, Toleration } from '@typernetes/openapi/types/core/v1';
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  type Path,
  path,
  semanticEqual,
} from '../../validation/index.ts';
import { validateRelativePath } from './validate-paths.ts';
import { validateTolerations } from './validate-scheduling.ts';
import { validateAppArmor } from './validate-security.ts';

type Annotations = Readonly<Record<string, string>>;
type Profile = { type?: string; localhostProfile?: string };

export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
export const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';
export const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';
const mirror = 'kubernetes.io/config.mirror';
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';
const tolerations = 'scheduler.alpha.kubernetes.io/tolerations';
const localhost = 'localhost/';
const containerLists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

function containersOf(spec: PodSpec | undefined, at: Path): (readonly [container: Container, at: Path])[] {
  return containerLists.flatMap((list) =>
    (spec?.[list] ?? []).map((container, index) => [container as Container, at.child(list).index(index)] as const),
  );
}

/** A profile that a new pod names in an annotation alone is in its field from then on. */
export function copyAppArmorAnnotations(pod: Pod, warn: (message: string) => void): void {
  const { spec, metadata: { annotations = {} } = {} } = pod;
  if (spec === undefined || spec.os?.name === 'windows') return;
  for (const [container] of containersOf(spec, path('spec'))) {
    const key = `${appArmorPrefix}${container.name}`;
    const annotation = annotations[key];
    if (annotation === undefined || container.securityContext?.appArmorProfile != null) continue;
    const named = appArmorProfile(annotation);
    const profile = named !== undefined && validateAppArmor(named, path('')).length === 0 ? named : undefined;
    if (profile !== undefined && semanticEqual(profile, spec.securityContext?.appArmorProfile)) continue;
    if (profile !== undefined) container.securityContext = { ...container.securityContext, appArmorProfile: profile };
    const place = path('metadata', 'annotations').key(key);
    warn(`${place.toString()}: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
}

export function appArmorProfile(annotation: string): { type: string; localhostProfile?: string } | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  const localhostProfile = annotation.startsWith(localhost) ? annotation.slice(localhost.length) : '';
  return localhostProfile === '' ? undefined : { type: 'Localhost', localhostProfile };
}

/** Of a pod, or of a template. `costMayBeWrong`: it was before. */
export function validatePodAnnotations(
  annotations: Annotations | undefined,
  spec: PodSpec | undefined,
  at: Path,
  costMayBeWrong = false,
): FieldError[] {
  if (annotations === undefined) return [];
  const errors: FieldError[] = [];
  const ofMirror = annotations[mirror];
  if (ofMirror !== undefined && !spec?.nodeName) {
    errors.push(invalidValue(at.key(mirror), ofMirror, 'must set spec.nodeName if mirror pod annotation is set'));
  }
  if (annotations[tolerations]) errors.push(...validateTolerationsText(annotations[tolerations], at));
  if (!costMayBeWrong && !isDeletionCost(annotations[deletionCost]))
    errors.push(invalidValue(at.key(deletionCost), annotations[deletionCost], 'must be a 32bit integer'));
  const names = new Set(containersOf(spec, at).map(([{ name }]) => name));
  for (const [key, value] of Object.entries(annotations)) {
    if (key === seccompPod || key.startsWith(seccompPrefix)) errors.push(...validateSeccompText(value, at.child(key)));
    if (!key.startsWith(appArmorPrefix)) continue;
    const container = key.slice(appArmorPrefix.length);
    if (!names.has(container)) errors.push(invalidValue(at.key(key), container, 'container not found'));
    if (!isAppArmorText(value))
      errors.push(invalidValue(at.key(key), value, `invalid AppArmor profile name: ${JSON.stringify(value)}`));
  }
  return errors;
}

export function validatePodAnnotationsUpdate(pod: Pod, old: Readonly<Pod>, at: Path): FieldError[] {
  const annotations = pod.metadata?.annotations ?? {};
  const before = old.metadata?.annotations ?? {};
  const errors: FieldError[] = [];
  const refuse = (key: string, did: string): void => {
    if (key.startsWith(appArmorPrefix)) errors.push(forbiddenField(at.key(key), `may not ${did} AppArmor annotations`));
    if (key === mirror) errors.push(forbiddenField(at.key(key), `may not ${did} mirror pod annotation`));
  };
  for (const [key, value] of Object.entries(before)) if (annotations[key] !== value) refuse(key, 'remove or update');
  for (const key of Object.keys(annotations)) if (before[key] === undefined) refuse(key, 'add');
  return [...errors, ...validatePodAnnotations(annotations, pod.spec, at, hadWrongCost(old))];
}

export const hadWrongCost = (old: Readonly<Pod>): boolean => !isDeletionCost(old.metadata?.annotations?.[deletionCost]);

/** Where both the annotation and the field are there, they say the same. */
export function validateAnnotatedProfiles(
  annotations: Annotations | undefined,
  spec: PodSpec | undefined,
  at: Path,
): FieldError[] {
  if (annotations === undefined || spec === undefined) return [];
  const { securityContext: ofPod, os } = spec;
  const place = (here: Path, kind: string): Path => here.child('securityContext', kind);
  const errors = differing('seccomp', annotations[seccompPod], ofPod?.seccompProfile, place(at, 'seccompProfile'));
  const containers = containersOf(spec, at);
  for (const [{ name, securityContext }, here] of containers) {
    const annotation = annotations[`${seccompPrefix}${name}`];
    errors.push(...differing('seccomp', annotation, securityContext?.seccompProfile, place(here, 'seccompProfile')));
  }
  if (os?.name === 'windows') return errors;
  for (const [{ name, securityContext }, here] of containers) {
    const profile = securityContext?.appArmorProfile ?? ofPod?.appArmorProfile;
    const annotation = annotations[`${appArmorPrefix}${name}`];
    errors.push(...differing('apparmor', annotation, profile, place(here, 'appArmorProfile')));
  }
  return errors;
}

function differing(
  kind: 'apparmor' | 'seccomp',
  annotation: string | undefined,
  profile: Profile | undefined,
  at: Path,
): FieldError[] {
  if (annotation === undefined || profile == null) return [];
  const byDefault = kind === 'seccomp' ? ['runtime/default', 'docker/default'] : ['runtime/default'];
  const ofType: Record<string, (text: string) => boolean> = {
    Unconfined: (text) => text === 'unconfined',
    RuntimeDefault: (text) => byDefault.includes(text),
    Localhost: (text) => text.startsWith(localhost),
  };
  if (ofType[profile.type ?? '']?.(annotation) === false)
    return [forbiddenField(at.child('type'), `${kind} type in annotation and field must match`)];
  if (profile.type !== 'Localhost' || annotation.slice(localhost.length) === profile.localhostProfile) return [];
  return [forbiddenField(at.child('localhostProfile'), `${kind} profile in annotation and field must match`)];
}

function isDeletionCost(value: string | undefined): boolean {
  if (value === undefined) return true;
  const cost = Number(value);
  return /^(?:0|-\d+|[1-9]\d*)$/.test(value) && cost >= -2147483648 && cost <= 2147483647;
}

const isAppArmorText = (value: string): boolean =>
  value === '' || value === 'unconfined' || value === 'runtime/default' || value.startsWith(localhost);

function validateSeccompText(value: string, at: Path): FieldError[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(value)) return [];
  if (value.startsWith(localhost)) return validateRelativePath(value.slice(localhost.length), at);
  return [invalidValue(at, value, 'must be a valid seccomp profile')];
}

/** Tolerations were an annotation once; as JSON they are still read. */
function validateTolerationsText(text: string, at: Path): FieldError[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? validateTolerations(value as Toleration[], at.child(tolerations)) : [];
  } catch (error) {
    return [invalidValue(at, tolerations, (error as Error).message)];
  }
}
