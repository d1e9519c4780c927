/** ValidatingAdmissionWebhook: all that match are called at once; the request is refused if one of them refuses it. */
import { internalError, StatusError, timeoutError } from '@typernetes/openapi/meta';
import type {
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '@typernetes/openapi/types/admissionregistration/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { ConfigurableDependencies } from '../configurable.ts';
import { Following } from '../following.ts';
import { isAdmissionConfiguration } from '../matching/rules.ts';
import { RequestNamespace } from '../matching/selectors.ts';
import { refuse } from '../refusal.ts';
import { Versions } from '../versioned.ts';
import { callWebhook } from './call.ts';
import { withWebhookCredentials } from './credentials.ts';
import { WebhookFailure } from './errors.ts';
import { type Hook, hooksOf } from './hook.ts';
import { type Invocation, invocationOf } from './match.ts';

type ValidatingHook = Hook<ValidatingWebhook>;

const resource = { group: 'admissionregistration.k8s.io', resource: 'validatingwebhookconfigurations' };

export function validatingAdmissionWebhook(given: ConfigurableDependencies, configuration?: string): AdmissionPlugin {
  const dependencies = withWebhookCredentials(given, configuration);
  const following = new Following<ValidatingWebhookConfiguration, ValidatingHook[]>(
    dependencies.source,
    resource,
    hooksOf<ValidatingWebhook>,
  );
  const validate = async (attributes: AdmissionAttributes): Promise<void> => {
    const hooks = await following.value();
    if (hooks === undefined) throw refuse(attributes, 'not yet ready to handle request');
    if (hooks.length > 0) await dispatch(dependencies, attributes, hooks);
  };
  return {
    name: 'ValidatingAdmissionWebhook',
    handles: () => true,
    validate: (attributes) =>
      isAdmissionConfiguration(attributes) || following.current()?.length === 0 ? undefined : validate(attributes),
    stop() {
      following.stop();
      dependencies.clients.close();
    },
  };
}

async function dispatch(
  dependencies: ConfigurableDependencies,
  attributes: AdmissionAttributes,
  hooks: readonly ValidatingHook[],
): Promise<void> {
  const versions = new Versions(attributes, dependencies.objects);
  const namespace = new RequestNamespace(attributes, dependencies.registry);
  const relevant: { hook: ValidatingHook; invocation: Invocation }[] = [];
  for (const hook of hooks) {
    const invocation = await invocationOf(hook, 'validating', attributes, versions, namespace, dependencies);
    if (invocation === undefined) continue;
    relevant.push({ hook, invocation });
    await versions.as(invocation.kind).catch((error: unknown) => {
      throw internalError((error as Error).message);
    });
  }
  if (relevant.length === 0) return;
  if (attributes.signal.aborted) throw timeoutError('request did not complete within requested timeout', 0);
  const refusals: unknown[] = [];
  const calls = relevant.map(({ hook, invocation }, index) =>
    call(dependencies, attributes, versions, hook, invocation, index).catch((error: unknown) => refusals.push(error)),
  );
  await Promise.all(calls);
  if (refusals.length > 0) throw refusals[0];
}

async function call(
  { clients, metrics }: ConfigurableDependencies,
  attributes: AdmissionAttributes,
  versions: Versions,
  hook: ValidatingHook,
  invocation: Invocation,
  index: number,
): Promise<void> {
  const { name, failurePolicy } = hook.webhook;
  try {
    const versioned = await versions.as(invocation.kind);
    const call = () => callWebhook(clients, hook, invocation, attributes, versioned, false);
    await (metrics === undefined ? call() : metrics.webhooks.called(hook.webhook, 'validating', attributes, call));
  } catch (error) {
    if (error instanceof StatusError) throw error;
    if (!(error instanceof WebhookFailure)) throw internalError((error as Error).message);
    if (failurePolicy !== 'Ignore') throw internalError(error.message);
    // A client that leaves must not thereby get past whoever it is that would have refused.
    if (attributes.signal.aborted) throw timeoutError('request did not complete within requested timeout', 0);
    attributes.annotate(`failed-open.validating.webhook.admission.k8s.io/round_0_index_${index}`, name);
  }
}
