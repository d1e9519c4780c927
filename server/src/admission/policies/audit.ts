/** What policies tell the audit log. */
import type { ValidatingAdmissionPolicyBinding } from '@typernetes/openapi/types/admissionregistration/v1';
import type { AdmissionAttributes } from '../admission.ts';

const maxValueBytes = 10 * 1024;

/** The values of one policy's auditAnnotations, of all its bindings and parameters. */
export class AuditAnnotations {
  readonly #values = new Map<string, Set<string>>();

  add(key: string, value: string): void {
    const bytes = Buffer.from(value);
    const short = bytes.length > maxValueBytes ? bytes.subarray(0, maxValueBytes).toString() : value;
    const known = this.#values.get(key);
    if (known === undefined) this.#values.set(key, new Set([short]));
    else known.add(short);
  }

  publish(policy: string, attributes: AdmissionAttributes): void {
    for (const [key, values] of this.#values) attributes.annotate(`${policy}/${key}`, [...values].join(', '));
  }
}

export function validationFailure(
  attributes: AdmissionAttributes,
  { metadata, spec }: Readonly<ValidatingAdmissionPolicyBinding>,
  expressionIndex: number,
  message: string,
): void {
  const failure = {
    message,
    policy: spec?.policyName ?? '',
    binding: metadata?.name ?? '',
    expressionIndex,
    validationActions: spec?.validationActions ?? [],
  };
  attributes.annotate('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([failure]));
}
