/** What a container mounts, or uses as a block device. */
import type { Container, EphemeralContainer, VolumeDevice, VolumeMount } from '@typernetes/openapi/types/core/v1';
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notFoundField,
  notSupported,
  type Path,
  required,
} from '../../validation/index.ts';
import type { ContainerScope } from './container-scope.ts';
import { validateNoBacksteps, validateRelativePath } from './validate-paths.ts';

export function validateMounts(
  container: Container | EphemeralContainer,
  scope: ContainerScope,
  at: Path,
): FieldError[] {
  const devices: readonly VolumeDevice[] = container.volumeDevices ?? [];
  const paths = new Set<string>();
  return (container.volumeMounts ?? []).flatMap((mount: VolumeMount, index) => {
    const here = at.index(index);
    const errors: FieldError[] = [];
    if (!mount.name) errors.push(required(here.child('name'), ''));
    if (!scope.volumes.has(mount.name)) errors.push(notFoundField(here.child('name'), mount.name ?? ''));
    if (!mount.mountPath) errors.push(required(here.child('mountPath'), ''));
    if (paths.has(mount.mountPath))
      errors.push(invalidValue(here.child('mountPath'), mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    if (devices.some((device) => device.name === mount.name)) {
      errors.push(invalidValue(here.child('name'), mount.name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((device) => device.devicePath === mount.mountPath)) {
      errors.push(
        invalidValue(here.child('mountPath'), mount.mountPath, 'must not already exist as a path in volumeDevices'),
      );
    }
    if (mount.subPath) errors.push(...validateRelativePath(mount.subPath, at.child('subPath')));
    if (mount.subPathExpr) {
      if (mount.subPath) {
        errors.push(
          invalidValue(here.child('subPathExpr'), mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
        );
      }
      errors.push(...validateRelativePath(mount.subPathExpr, at.child('subPathExpr')));
    }
    errors.push(
      ...validateMountPropagation(mount, container, at.child('mountPropagation')),
      ...validateRecursiveReadOnly(mount, at.child('recursiveReadOnly')),
    );
    return errors;
  });
}

function validateMountPropagation(
  mount: VolumeMount,
  container: Container | EphemeralContainer,
  at: Path,
): FieldError[] {
  if (mount.mountPropagation === undefined) return [];
  const supported = ['Bidirectional', 'HostToContainer', 'None'];
  if (!supported.includes(mount.mountPropagation)) return [notSupported(at, mount.mountPropagation, supported)];
  if (mount.mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
    return [forbiddenField(at, 'Bidirectional mount propagation is available only to privileged containers')];
  }
  return [];
}

function validateRecursiveReadOnly(mount: VolumeMount, at: Path): FieldError[] {
  const mode = mount.recursiveReadOnly;
  if (mode === undefined || mode === 'Disabled') return [];
  if (mode !== 'Enabled' && mode !== 'IfPossible')
    return [notSupported(at, mode, ['Disabled', 'Enabled', 'IfPossible'])];
  const errors: FieldError[] = [];
  if (!mount.readOnly) errors.push(forbiddenField(at, 'may only be specified when readOnly is true'));
  const propagation = mount.mountPropagation;
  if (propagation !== undefined && propagation !== 'None')
    errors.push(forbiddenField(at, 'may only be specified when mountPropagation is None or not specified'));
  return errors;
}

export function validateDevices(
  container: Container | EphemeralContainer,
  scope: ContainerScope,
  at: Path,
): FieldError[] {
  const mounts: readonly VolumeMount[] = container.volumeMounts ?? [];
  const paths = new Set<string>();
  const names = new Set<string>();
  return (container.volumeDevices ?? []).flatMap((device, index) => {
    const here = at.index(index);
    const errors: FieldError[] = [];
    const volume = scope.volumes.get(device.name);
    if (!device.name) errors.push(required(here.child('name'), ''));
    if (names.has(device.name)) errors.push(invalidValue(here.child('name'), device.name, 'must be unique'));
    if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
      const message = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
      errors.push(invalidValue(here.child('name'), device.name, message));
    }
    if (!volume) errors.push(notFoundField(here.child('name'), device.name ?? ''));
    if (!device.devicePath) errors.push(required(here.child('devicePath'), ''));
    if (paths.has(device.devicePath))
      errors.push(invalidValue(here.child('devicePath'), device.devicePath, 'must be unique'));
    if (device.devicePath && validateNoBacksteps(device.devicePath, here).length > 0) {
      errors.push(invalidValue(here.child('devicePath'), device.devicePath, "can not contain backsteps ('..')"));
    } else {
      paths.add(device.devicePath);
    }
    if (mounts.some((mount) => mount.name === device.name)) {
      errors.push(invalidValue(here.child('name'), device.name, 'must not already exist in volumeMounts'));
    }
    if (mounts.some((mount) => mount.mountPath === device.devicePath)) {
      errors.push(
        invalidValue(here.child('devicePath'), device.devicePath, 'must not already exist as a path in volumeMounts'),
      );
    }
    names.add(device.name);
    return errors;
  });
}
