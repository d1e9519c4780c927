import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';
import { concerns } from './refusal.ts';

export type Phase = 'admit' | 'validate';

/**
 * Mutating phase: every plugin in order, each seeing what the ones before it changed. The first refusal ends it. Once
 * more where a webhook or policy asks for it.
 */
export async function runMutating(plugins: readonly AdmissionPlugin[], attributes: AdmissionAttributes): Promise<void> {
  await runOnce(plugins, 'admit', attributes);
  const { reinvocation } = attributes;
  if (!reinvocation.shouldReinvoke) return;
  reinvocation.isReinvoke = true;
  await runOnce(plugins, 'admit', attributes);
}

/** Validating phase, on the object as it would be stored. */
export function runValidating(plugins: readonly AdmissionPlugin[], attributes: AdmissionAttributes): Promise<void> {
  return runOnce(plugins, 'validate', attributes);
}

async function runOnce(
  plugins: readonly AdmissionPlugin[],
  phase: Phase,
  attributes: AdmissionAttributes,
): Promise<void> {
  for (const plugin of plugins) {
    if (plugin[phase] === undefined || !plugin.handles(attributes.operation)) continue;
    const work = take(plugin, phase, attributes);
    // Most plugins have nothing to do with a request: waiting for nothing was a good part of what admission cost.
    if (work !== undefined) await work;
  }
}

/** One plugin's part, if the request is about what it has to do with. */
export function take(
  plugin: AdmissionPlugin,
  phase: Phase,
  attributes: AdmissionAttributes,
): Promise<void> | undefined {
  const { resources } = plugin;
  if (resources !== undefined && !resources.some((resource) => concerns(attributes, resource))) return undefined;
  return plugin[phase]?.(attributes);
}
