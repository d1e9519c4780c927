/** MutatingAdmissionPolicy: policies change the object, one after another. */
import {
  type GroupVersionKind,
  internalError,
  type JsonValue,
  type KubernetesObject,
  StatusError,
  serviceUnavailable,
} from '@typernetes/openapi/meta';
import { deepEqual, jsonPatch } from '@typernetes/openapi/schema';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '@typernetes/openapi/types/admissionregistration/v1';
import { evaluateMatchConditions, evaluateMutation, type PolicyInput } from '../../cel/index.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { ConfigurableDependencies } from '../configurable.ts';
import { type Matched, matchedBy } from '../matching/resources.ts';
import { Mutation } from '../mutation.ts';
import { kindText } from '../objects.ts';
import { refuse } from '../refusal.ts';
import { applyConfiguration } from './apply.ts';
import { cachingAuthorizer, type EvaluationContext, isExempt, policyInput } from './evaluation.ts';
import { collectParams, paramReaderOf } from './params.ts';
import { type Bound, type PolicyHook, PolicySource } from './source.ts';

type Hook = PolicyHook<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>;
type Binding = Bound<MutatingAdmissionPolicyBinding>;

const name = 'MutatingAdmissionPolicy';

export function mutatingAdmissionPolicy(dependencies: ConfigurableDependencies): AdmissionPlugin {
  const source = new PolicySource<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>(
    dependencies,
    'mutatingadmissionpolicies',
    'mutatingadmissionpolicybindings',
  );
  const admit = async (attributes: AdmissionAttributes): Promise<void> => {
    const hooks = await source.hooks();
    if (hooks === undefined) throw refuse(attributes, 'not yet ready to handle request');
    if (hooks.length > 0) await new MutatingDispatch(dependencies, attributes).run(hooks);
  };
  return {
    name,
    handles: () => true,
    admit: (attributes) => (isExempt(attributes) || source.current()?.length === 0 ? undefined : admit(attributes)),
    stop: () => source.stop(),
  };
}

/** One evaluation of a policy: for a binding and one of its parameters. */
interface Invocation extends Matched {
  hook: Hook;
  binding: Binding;
  param: KubernetesObject | undefined;
}

interface Failure {
  hook: Hook;
  binding: Binding | undefined;
  message: string;
  reason?: 'Invalid';
}

class MutatingDispatch {
  readonly #dependencies: ConfigurableDependencies;
  readonly #attributes: AdmissionAttributes;
  readonly #mutation: Mutation;
  readonly #failures: Failure[] = [];

  constructor(dependencies: ConfigurableDependencies, attributes: AdmissionAttributes) {
    this.#dependencies = dependencies;
    this.#attributes = attributes;
    this.#mutation = new Mutation(name, attributes, dependencies);
  }

  async run(hooks: readonly Hook[]): Promise<void> {
    const invocations: Invocation[] = [];
    for (const hook of hooks) invocations.push(...(await this.#invocations(hook)));
    if (invocations.length > 0) await this.#invoke(invocations);
    const fatal = this.#failures.filter(({ hook }) => !hook.ignoresFailures);
    if (fatal.length > 0) throw refusal(this.#attributes, fatal);
  }

  async #invocations(hook: Hook): Promise<Invocation[]> {
    const { objects } = this.#dependencies;
    const attributes = this.#attributes;
    let binding: Binding | undefined;
    const found: Invocation[] = [];
    try {
      const matched = await matchedBy(hook.match, attributes, this.#mutation.namespace, objects);
      if (matched === undefined) return [];
      const reader = paramReaderOf(hook.paramKind, objects);
      for (binding of hook.bindings) {
        try {
          if (binding.match && !(await matchedBy(binding.match, attributes, this.#mutation.namespace, objects)))
            continue;
          await this.#mutation.versions.as(matched.kind);
          for (const param of await collectParams(reader, binding.paramRef, attributes.namespace))
            found.push({ ...matched, hook, binding, param });
        } catch (error) {
          this.#failures.push({ hook, binding, message: `failed to configure binding: ${(error as Error).message}` });
        }
      }
    } catch (error) {
      const message = `failed to configure policy: ${(error as Error).message}`;
      this.#failures.push({ hook, binding: undefined, message });
    }
    return found;
  }

  async #invoke(invocations: readonly Invocation[]): Promise<void> {
    const attributes = this.#attributes;
    this.#mutation.begin();
    const authorizer = cachingAuthorizer(this.#dependencies.authorizer);
    const namespace = await this.#mutation.namespace.forExpressions();
    for (const invocation of invocations) await this.#one(invocation, { attributes, authorizer, namespace });
    // Whoever mutates may see its own work again, even if nothing came of it.
    if (this.#mutation.versions.isMutated) this.#mutation.changed();
    await this.#mutation.finish();
  }

  async #one(invocation: Invocation, context: EvaluationContext): Promise<void> {
    const { hook, binding, param, kind } = invocation;
    const { metrics } = this.#dependencies;
    const { compiled } = hook;
    const { versions } = this.#mutation;
    const input = async (): Promise<PolicyInput> => policyInput(context, invocation, await versions.as(kind), param);
    if (compiled.matchConditions.length > 0) {
      const started = performance.now();
      const match = await evaluateMatchConditions(compiled, await input());
      metrics?.webhooks.conditions(hook.name, 'policy', 'admit', this.#attributes.operation, {
        seconds: (performance.now() - started) / 1000,
        errors: match.errors,
        excluded: match.matches === false,
      });
      if (match.matches === undefined) this.#fail(invocation, match.error);
      if (match.matches !== true) return;
    }
    const { metadata } = param ?? {};
    const id = JSON.stringify([hook.name, binding.name, metadata?.namespace ?? '', metadata?.name ?? '']);
    if (!this.#mutation.mayCall(id)) return;
    const before = (await versions.as(kind)).object;
    for (const index of compiled.mutations.keys()) {
      const { object } = await versions.as(kind);
      if (object === undefined) continue;
      const started = performance.now();
      const counted = (error?: unknown): void => {
        const message = error === undefined ? undefined : (error as Error).message;
        metrics?.policies.mutated(hook.name, binding.name, message, (performance.now() - started) / 1000);
      };
      try {
        const result = await evaluateMutation(compiled, index, await input());
        if (result.error !== undefined) throw new Error(result.error);
        versions.replace(this.#apply(hook, index, object, result.patch, kind), kind);
        counted();
      } catch (error) {
        counted(error);
        if (error instanceof StatusError) throw error;
        this.#fail(invocation, (error as Error).message);
      }
    }
    if (!deepEqual(before, (await versions.as(kind)).object)) this.#mutation.changed();
    this.#mutation.called(id, hook.policy.spec?.reinvocationPolicy);
  }

  #apply(hook: Hook, index: number, object: KubernetesObject, patch: JsonValue, kind: GroupVersionKind) {
    const { objects } = this.#dependencies;
    const node = objects.typeOf(kind);
    if (node === undefined)
      throw serviceUnavailable(
        `Resource kind ${kindText(kind)} not found. There can be a delay between when CustomResourceDefinitions are created and when they are available.`,
      );
    if (hook.compiled.spec.mutations?.[index]?.patchType === 'JSONPatch') {
      const patched = patchObject(object, patch);
      if (patched === object) return object;
      try {
        return objects.decode(patched, kind, true);
      } catch (error) {
        throw internalError((error as Error).message);
      }
    }
    try {
      return objects.decode(applyConfiguration(node, object, patch, kind), kind);
    } catch (error) {
      throw new Error(`error applying patch: ${(error as Error).message}`, { cause: error });
    }
  }

  #fail({ hook, binding }: Invocation, message: string): void {
    this.#failures.push({ hook, binding, message, reason: 'Invalid' });
  }
}

/** A test that fails leaves the object as it is. */
function patchObject(object: KubernetesObject, patch: JsonValue): KubernetesObject {
  try {
    return jsonPatch(object as JsonValue, patch) as KubernetesObject;
  } catch (error) {
    const { cause } = error as Error;
    const message = cause instanceof Error ? cause.message : (error as Error).message;
    if (message.endsWith(': test failed')) return object;
    throw new Error(`JSON Patch: ${message}`, { cause: error });
  }
}

function refusal(attributes: AdmissionAttributes, failures: readonly Failure[]): StatusError {
  const messages = failures.map(({ hook, binding, message }) =>
    binding === undefined
      ? `policy ${JSON.stringify(hook.name)} denied request: ${message}`
      : `policy '${hook.name}' with binding '${binding.name}' denied request: ${message}`,
  );
  const { status } = refuse(attributes, 'admission request denied by policy');
  const reason = failures[0]?.reason;
  return new StatusError({
    ...status,
    message: messages[0] ?? '',
    ...(reason === undefined ? {} : { reason }),
    details: { ...status.details, causes: messages.map((message) => ({ message })) },
  });
}
