import { qualifiedName } from '@typernetes/openapi/meta';
import { deepEqual } from '@typernetes/openapi/schema';
import type { Pod, Toleration } from '@typernetes/openapi/types/core/v1';
import type { AdmissionPlugin } from '../admission.ts';
import type { AdmissionDependencies } from '../dependencies.ts';

const fiveMinutes = { notReady: 300, unreachable: 300 };

export function defaultTolerationSeconds({
  tolerationSeconds: { notReady, unreachable } = fiveMinutes,
}: Pick<AdmissionDependencies, 'tolerationSeconds'> = {}): AdmissionPlugin {
  const noExecuteTaints = [
    ['node.kubernetes.io/not-ready', notReady],
    ['node.kubernetes.io/unreachable', unreachable],
  ] as const;
  return {
    name: 'DefaultTolerationSeconds',
    resources: ['pods'],
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    admit(attributes) {
      const spec = ((attributes.object as Pod).spec ??= { containers: [] });
      const before = spec.tolerations ?? [];
      const missing = noExecuteTaints.filter(
        ([key]) =>
          !before.some(
            (toleration) =>
              (!toleration.key || toleration.key === key) && (!toleration.effect || toleration.effect === 'NoExecute'),
          ),
      );
      if (missing.length === 0) return undefined;
      spec.tolerations = [
        ...before,
        ...missing.map(
          ([key, tolerationSeconds]) => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }) as const,
        ),
      ];
      return undefined;
    },
  };
}

/** Off by default: whoever asks for an extended resource tolerates the taint of that name. */
export function extendedResourceToleration(): AdmissionPlugin {
  return {
    name: 'ExtendedResourceToleration',
    resources: ['pods'],
    handles: (operation) => operation === 'CREATE' || operation === 'UPDATE',
    admit(attributes) {
      const { spec } = attributes.object as Pod;
      if (spec === undefined) return undefined;
      const requests = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].flatMap((container) =>
        Object.keys(container.resources?.requests ?? {}),
      );
      for (const key of [...new Set(requests)].filter(isExtendedResource).sort()) {
        const toleration: Toleration = { key, operator: 'Exists', effect: 'NoSchedule' };
        const before = spec.tolerations ?? [];
        const isSame = ({ key: own, operator, effect, value = '' }: Toleration): boolean =>
          own === key && operator === 'Exists' && effect === 'NoSchedule' && value === '';
        spec.tolerations = before.some(isSame)
          ? before.map((other) => (isSame(other) ? toleration : other))
          : [...before, toleration];
      }
      return undefined;
    },
  };
}

export function isExtendedResource(name: string): boolean {
  if (!name.includes('/') || name.includes('kubernetes.io/') || name.startsWith('requests.')) return false;
  return qualifiedName(`requests.${name}`).length === 0;
}

/** Both lists without what another toleration already covers. */
export function mergeTolerations(first: readonly Toleration[], second: readonly Toleration[]): Toleration[] {
  const all = [...first, ...second];
  const merged: Toleration[] = [];
  for (const [index, toleration] of all.entries()) {
    if (merged.some((other) => coversToleration(other, toleration))) continue;
    if (all.slice(index + 1).some((other) => !deepEqual(other, toleration) && coversToleration(other, toleration)))
      continue;
    merged.push(toleration);
  }
  return merged;
}

export function coversToleration(wide: Toleration, narrow: Toleration): boolean {
  if (deepEqual(wide, narrow)) return true;
  if ((narrow.key ?? '') !== (wide.key ?? '') && (wide.key || wide.operator !== 'Exists')) return false;
  if ((narrow.effect ?? '') !== (wide.effect ?? '') && wide.effect) return false;
  if (wide.effect === 'NoExecute' && wide.tolerationSeconds !== undefined) {
    if (narrow.tolerationSeconds === undefined || narrow.tolerationSeconds > wide.tolerationSeconds) return false;
  }
  if (wide.operator === 'Exists') return true;
  // As upstream has it, an operator that is left out means Equal on the one side only.
  const isEqual = narrow.operator === 'Equal' && (!wide.operator || wide.operator === 'Equal');
  return isEqual && (narrow.value ?? '') === (wide.value ?? '');
}
