/** ValidatingAdmissionPolicy: policies judge the object as it would be stored. */
import { StatusError } from '@typernetes/openapi/meta';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '@typernetes/openapi/types/admissionregistration/v1';
import {
  evaluateMatchConditions,
  evaluateValidations,
  type PolicyInput,
  type ValidationResult,
} from '../../cel/index.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../admission.ts';
import type { ConfigurableDependencies } from '../configurable.ts';
import { type Matched, matchedBy } from '../matching/resources.ts';
import { RequestNamespace } from '../matching/selectors.ts';
import type { AdmissionMetrics } from '../metrics.ts';
import { refuse } from '../refusal.ts';
import { Versions } from '../versioned.ts';
import { AuditAnnotations, validationFailure } from './audit.ts';
import { cachingAuthorizer, type EvaluationContext, isExempt, policyInput } from './evaluation.ts';
import { collectParams, paramReaderOf } from './params.ts';
import { type Bound, type PolicyHook, PolicySource } from './source.ts';

type Hook = PolicyHook<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>;
type Binding = Bound<ValidatingAdmissionPolicyBinding>;

export function validatingAdmissionPolicy(dependencies: ConfigurableDependencies): AdmissionPlugin {
  const source = new PolicySource<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>(
    dependencies,
    'validatingadmissionpolicies',
    'validatingadmissionpolicybindings',
  );
  const validate = async (attributes: AdmissionAttributes): Promise<void> => {
    const hooks = await source.hooks();
    if (hooks === undefined) throw refuse(attributes, 'not yet ready to handle request');
    if (hooks.length > 0) await new ValidatingDispatch(dependencies, attributes).run(hooks);
  };
  return {
    name: 'ValidatingAdmissionPolicy',
    handles: () => true,
    validate: (attributes) =>
      isExempt(attributes) || source.current()?.length === 0 ? undefined : validate(attributes),
    stop: () => source.stop(),
  };
}

interface Denial {
  hook: Hook;
  binding: Binding | undefined;
  message: string;
  reason?: string;
}

class ValidatingDispatch {
  readonly #dependencies: ConfigurableDependencies;
  readonly #attributes: AdmissionAttributes;
  readonly #versions: Versions;
  readonly #namespace: RequestNamespace;
  readonly #authorizer: EvaluationContext['authorizer'];
  readonly #denials: Denial[] = [];

  constructor(dependencies: ConfigurableDependencies, attributes: AdmissionAttributes) {
    this.#dependencies = dependencies;
    this.#attributes = attributes;
    this.#versions = new Versions(attributes, dependencies.objects);
    this.#namespace = new RequestNamespace(attributes, dependencies.registry);
    this.#authorizer = cachingAuthorizer(dependencies.authorizer);
  }

  async run(hooks: readonly Hook[]): Promise<void> {
    for (const hook of hooks) await this.#policy(hook);
    const [first] = this.#denials;
    if (first !== undefined) throw refusal(this.#attributes, first);
  }

  async #policy(hook: Hook): Promise<void> {
    const { objects } = this.#dependencies;
    let matched: Matched | undefined;
    let reader: ReturnType<typeof paramReaderOf>;
    try {
      matched = await matchedBy(hook.match, this.#attributes, this.#namespace, objects);
      if (matched === undefined) return;
      reader = paramReaderOf(hook.paramKind, objects);
    } catch (error) {
      this.#misconfigured(hook, undefined, error);
      return;
    }
    const annotations = new AuditAnnotations();
    for (const binding of hook.bindings) {
      let inputs: PolicyInput[];
      try {
        inputs = await this.#inputs(matched, binding, reader);
      } catch (error) {
        if (error instanceof NamespaceError) throw error.cause;
        this.#misconfigured(hook, binding, error);
        continue;
      }
      for (const input of inputs) await this.#evaluate(hook, binding, input, annotations);
    }
    annotations.publish(hook.name, this.#attributes);
  }

  /** Empty where the binding does not match, or has no parameters and needs none. */
  async #inputs(matched: Matched, binding: Binding, reader: ReturnType<typeof paramReaderOf>): Promise<PolicyInput[]> {
    const attributes = this.#attributes;
    const { objects } = this.#dependencies;
    if (binding.match && !(await matchedBy(binding.match, attributes, this.#namespace, objects))) return [];
    const params = await collectParams(reader, binding.paramRef, attributes.namespace);
    if (params.length === 0) return [];
    const versioned = await this.#versions.as(matched.kind).catch((error: unknown) => {
      throw new Error(`failed to convert object version: ${(error as Error).message}`);
    });
    const namespace = await this.#namespace.forExpressions().catch((cause: unknown) => {
      throw new NamespaceError('no namespace', { cause });
    });
    const context = { attributes, authorizer: this.#authorizer, namespace };
    return params.map((each) => policyInput(context, matched, versioned, each));
  }

  async #evaluate(hook: Hook, binding: Binding, input: PolicyInput, annotations: AuditAnnotations): Promise<void> {
    const { metrics } = this.#dependencies;
    const { decisions, auditAnnotations } = await evaluate(hook, input, metrics, this.#attributes.operation);
    for (const [index, decision] of decisions.entries()) {
      if (decision.action === 'admit') continue;
      const counted = (action: string): void => {
        metrics?.policies.checked(hook.name, binding.name, action, decision.message, decision.seconds);
      };
      if (decision.action === 'error' && hook.ignoresFailures) {
        counted('allow');
        continue;
      }
      const reason = decision.action === 'deny' ? { reason: decision.reason } : {};
      for (const action of binding.binding.spec?.validationActions ?? []) {
        counted(action.toLowerCase());
        if (action === 'Deny') this.#denials.push({ hook, binding, message: decision.message, ...reason });
        if (action === 'Audit') validationFailure(this.#attributes, binding.binding, index, decision.message);
        if (action === 'Warn')
          this.#attributes.warn(
            `Validation failed for ValidatingAdmissionPolicy '${hook.name}' with binding '${binding.name}': ${decision.message}`,
          );
      }
    }
    for (const { key, value, error } of auditAnnotations) {
      if (value !== undefined) annotations.add(key, value);
      else if (error !== undefined && !hook.ignoresFailures) {
        this.#denials.push({ hook, binding, message: error });
        metrics?.policies.checked(hook.name, binding.name, 'deny', error, 0);
      }
    }
  }

  #misconfigured(hook: Hook, binding: Binding | undefined, error: unknown): void {
    if (hook.ignoresFailures) return;
    const message = `failed to configure ${binding === undefined ? 'policy' : 'binding'}: ${(error as Error).message}`;
    this.#denials.push({ hook, binding, message });
  }
}

/** Not the binding's fault: the request itself fails. */
class NamespaceError extends Error {}

async function evaluate(
  hook: Hook,
  input: PolicyInput,
  metrics: AdmissionMetrics | undefined,
  operation: string,
): Promise<ValidationResult> {
  const nothing: ValidationResult = { decisions: [], auditAnnotations: [] };
  if (hook.compiled.matchConditions.length > 0) {
    const started = performance.now();
    const match = await evaluateMatchConditions(hook.compiled, input);
    metrics?.webhooks.conditions(hook.name, 'policy', 'validate', operation, {
      seconds: (performance.now() - started) / 1000,
      errors: match.errors,
      excluded: match.matches === false,
    });
    if (match.matches === false) return nothing;
    if (match.matches === undefined)
      return { ...nothing, decisions: [{ action: 'error', message: match.error, seconds: 0 }] };
  }
  return evaluateValidations(hook.compiled, input);
}

const codes: Record<string, number> = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413, Invalid: 422 };

function refusal(attributes: AdmissionAttributes, { hook, binding, message, reason }: Denial): StatusError {
  const withBinding = binding === undefined ? '' : ` with binding '${binding.name}'`;
  const text = `ValidatingAdmissionPolicy '${hook.name}'${withBinding} denied request: ${message}`;
  const { status } = refuse(attributes, text);
  return new StatusError({
    ...status,
    reason: reason ?? 'Invalid',
    code: codes[reason ?? 'Invalid'] ?? 422,
    details: { ...status.details, causes: [...(status.details?.causes ?? []), { message: text }] },
  });
}
