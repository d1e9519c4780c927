import type { AdmissionAttributes, AdmissionPlugin } from './admission.ts';

/**
 * Mutating phase: every plugin in order, each seeing what the ones before it changed. The first refusal ends it. Once
 * more where a webhook or policy asks for it.
 */
export async function runMutating(plugins: readonly AdmissionPlugin[], attributes: AdmissionAttributes): Promise<void> {
  await mutateOnce(plugins, attributes);
  const { reinvocation } = attributes;
  if (!reinvocation.shouldReinvoke) return;
  reinvocation.isReinvoke = true;
  await mutateOnce(plugins, attributes);
}

async function mutateOnce(plugins: readonly AdmissionPlugin[], attributes: AdmissionAttributes): Promise<void> {
  for (const plugin of plugins) {
    if (plugin.admit !== undefined && plugin.handles(attributes.operation)) await plugin.admit(attributes);
  }
}

/** Validating phase, on the object as it would be stored. */
export async function runValidating(
  plugins: readonly AdmissionPlugin[],
  attributes: AdmissionAttributes,
): Promise<void> {
  for (const plugin of plugins) {
    if (plugin.validate !== undefined && plugin.handles(attributes.operation)) await plugin.validate(attributes);
  }
}
