/** MutatingAdmissionWebhook: one webhook after another, each seeing what the ones before it made of the object. */

import { parseJson } from '@typernetes/openapi/codec';
import {
  internalError,
  type JsonValue,
  type KubernetesObject,
  parseApiVersion,
  quote,
  StatusError,
  timeoutError,
} from '@typernetes/openapi/meta';
import { deepEqual, jsonPatch } from '@typernetes/openapi/schema';
import type { MutatingWebhook, MutatingWebhookConfiguration } from '@typernetes/openapi/types/admissionregistration/v1';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { ConfigurableDependencies } from '../configurable.ts';
import { Following } from '../following.ts';
import { isAdmissionConfiguration } from '../matching/rules.ts';
import { Mutation } from '../mutation.ts';
import { plainError, refuse } from '../refusal.ts';
import { callWebhook } from './call.ts';
import { withWebhookCredentials } from './credentials.ts';
import { WebhookFailure } from './errors.ts';
import { type Hook, hooksOf } from './hook.ts';
import { type Invocation, invocationOf } from './match.ts';
import type { ReviewResponse } from './review.ts';

const name = 'MutatingAdmissionWebhook';
const resource = { group: 'admissionregistration.k8s.io', resource: 'mutatingwebhookconfigurations' };

export function mutatingAdmissionWebhook(given: ConfigurableDependencies, configuration?: string): AdmissionPlugin {
  const dependencies = withWebhookCredentials(given, configuration);
  const following = new Following<MutatingWebhookConfiguration, Hook<MutatingWebhook>[]>(
    dependencies.source,
    resource,
    hooksOf<MutatingWebhook>,
  );
  const admit = async (attributes: AdmissionAttributes): Promise<void> => {
    const hooks = await following.value();
    if (hooks === undefined) throw refuse(attributes, 'not yet ready to handle request');
    if (hooks.length > 0) await new MutatingDispatch(dependencies, attributes).run(hooks);
  };
  return {
    name,
    handles: () => true,
    admit: (attributes) =>
      isAdmissionConfiguration(attributes) || following.current()?.length === 0 ? undefined : admit(attributes),
    stop() {
      following.stop();
      dependencies.clients.close();
    },
  };
}

class MutatingDispatch {
  readonly #dependencies: ConfigurableDependencies;
  readonly #attributes: AdmissionAttributes;
  readonly #mutation: Mutation;

  constructor(dependencies: ConfigurableDependencies, attributes: AdmissionAttributes) {
    this.#dependencies = dependencies;
    this.#attributes = attributes;
    this.#mutation = new Mutation(name, attributes, dependencies);
  }

  async run(hooks: readonly Hook<MutatingWebhook>[]): Promise<void> {
    this.#mutation.begin();
    for (const [index, hook] of hooks.entries()) await this.#offer(hook, index);
    await this.#mutation.finish();
  }

  async #offer(hook: Hook<MutatingWebhook>, index: number): Promise<void> {
    const { reinvocation } = this.#attributes;
    const { versions, namespace } = this.#mutation;
    const invocation = await invocationOf(hook, 'admit', this.#attributes, versions, namespace, this.#dependencies);
    if (invocation === undefined) return;
    if (!this.#mutation.mayCall(hook.uid)) return;
    const place = `round_${reinvocation.isReinvoke ? 1 : 0}_index_${index}`;
    let mutated = false;
    try {
      const call = () => this.#call(hook, invocation, place);
      const { metrics } = this.#dependencies;
      mutated = await (metrics === undefined
        ? call()
        : metrics.webhooks.called(hook.webhook, 'admit', this.#attributes, call));
    } catch (error) {
      if (!(error instanceof WebhookFailure)) throw error;
      if (hook.webhook.failurePolicy !== 'Ignore') throw internalError(error.message);
      if (this.#attributes.signal.aborted) throw timeoutError('request did not complete within requested timeout', 0);
      this.#attributes.annotate(`failed-open.mutation.webhook.admission.k8s.io/${place}`, hook.webhook.name);
    } finally {
      this.#annotate('mutation', hook, place, { mutated }, 'Metadata');
    }
    if (mutated) this.#mutation.changed();
    this.#mutation.called(hook.uid, hook.webhook.reinvocationPolicy);
  }

  #annotate(
    what: string,
    { configuration, webhook }: Hook,
    place: string,
    more: object,
    level: 'Metadata' | 'Request',
  ) {
    const value = JSON.stringify({ configuration, webhook: webhook.name, ...more });
    this.#attributes.annotate(`${what}.webhook.admission.k8s.io/${place}`, value, level);
  }

  /** Whether it changed the object. */
  async #call(hook: Hook<MutatingWebhook>, invocation: Invocation, place: string): Promise<boolean> {
    const versioned = await this.#mutation.versions.as(invocation.kind).catch((error: unknown) => {
      throw error instanceof StatusError ? error : internalError((error as Error).message);
    });
    const { clients, objects } = this.#dependencies;
    const response = await callWebhook(clients, hook, invocation, this.#attributes, versioned, true);
    const operations = patchOf(hook, response);
    if (operations.length === 0) return false;
    if (versioned.object === undefined) {
      const webhook = quote(hook.webhook.name);
      throw internalError(
        `admission webhook ${webhook} attempted to modify the object, which is not supported for this operation`,
      );
    }
    if (response.patchType !== 'JSONPatch')
      throw new WebhookFailure(hook.webhook.name, `unsupported patch type ${quote(response.patchType)}`);
    let changed: KubernetesObject;
    try {
      const patched = jsonPatch(versioned.object as JsonValue, operations) as KubernetesObject;
      changed = objects.decode(patched, invocation.kind);
    } catch (error) {
      const { cause } = error as Error;
      throw internalError(cause instanceof Error ? cause.message : (error as Error).message);
    }
    confirmSameKind(versioned.object, changed);
    this.#annotate('patch', hook, place, { patch: operations, patchType: 'JSONPatch' }, 'Request');
    this.#mutation.versions.replace(changed, invocation.kind);
    return !deepEqual(versioned.object, changed);
  }
}

function patchOf({ webhook }: Hook, { patch }: ReviewResponse): JsonValue[] {
  if (patch === undefined) return [];
  try {
    const operations = parseJson(patch).value as JsonValue;
    if (operations === null) return [];
    if (Array.isArray(operations)) return operations;
    const found = typeof operations === 'boolean' ? 'bool' : typeof operations;
    throw new Error(`json: cannot unmarshal ${found} into Go value of type jsonpatch.Patch`);
  } catch (error) {
    throw new WebhookFailure(
      webhook.name,
      `received undecodable patch in webhook response: ${(error as Error).message}`,
    );
  }
}

/** An object that has become another cannot be converted back. */
function confirmSameKind(before: KubernetesObject, after: KubernetesObject): void {
  if (before.kind === after.kind && before.apiVersion === after.apiVersion) return;
  const { group, version } = parseApiVersion(after.apiVersion ?? '');
  const name = (given: string): string => (given === '' ? 'core' : (given.split('.')[0] ?? given));
  const own = parseApiVersion(before.apiVersion ?? '').group;
  const from = group === own ? version : `${name(group)}/${version}`;
  throw plainError(
    `converting (${from}.${after.kind ?? ''}) to (${name(own)}.${before.kind ?? ''}): unknown conversion`,
  );
}
