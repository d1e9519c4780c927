/** What mutating and validating webhook configurations share. */
import type { MutatingWebhook, ValidatingWebhook } from '@typernetes/openapi/types/admissionregistration/v1';
import type { FieldError } from '../validation/index.ts';
import {
  checked,
  dns1123Subdomain,
  duplicate,
  invalidValue,
  notSupported,
  path,
  required,
  validateLabelSelector,
} from '../validation/index.ts';

export function defaultWebhook(webhook: MutatingWebhook | ValidatingWebhook): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
}

export function validateWebhooks(webhooks: readonly (MutatingWebhook | ValidatingWebhook)[] | undefined): FieldError[] {
  const names = new Set<string>();
  return (webhooks ?? []).flatMap((webhook, index) => {
    const at = path('webhooks').index(index);
    const name = webhook.name ?? '';
    const errors: FieldError[] =
      name === '' ? [required(at.child('name'), '')] : checked(at.child('name'), name, dns1123Subdomain(name));
    if (name !== '' && name.split('.').length < 3) {
      errors.push(
        invalidValue(at.child('name'), name, 'should be a domain with at least three segments separated by dots'),
      );
    }
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    if ((webhook.admissionReviewVersions ?? []).length === 0) {
      errors.push(required(at.child('admissionReviewVersions'), 'must specify one of v1, v1beta1'));
    } else if (!(webhook.admissionReviewVersions ?? []).some((version) => version === 'v1' || version === 'v1beta1')) {
      const message = 'must include at least one of v1, v1beta1';
      errors.push(invalidValue(at.child('admissionReviewVersions'), webhook.admissionReviewVersions, message));
    }
    for (const [position, rule] of (webhook.rules ?? []).entries()) {
      const here = at.child('rules').index(position);
      for (const field of ['apiGroups', 'apiVersions', 'resources', 'operations'] as const) {
        if ((rule[field] ?? []).length === 0) errors.push(required(here.child(field), ''));
      }
    }
    for (const [field, supported] of [
      ['failurePolicy', ['Fail', 'Ignore']],
      ['matchPolicy', ['Equivalent', 'Exact']],
      ['sideEffects', ['None', 'NoneOnDryRun']],
    ] as const) {
      const value = webhook[field];
      if (value == null && field === 'sideEffects')
        errors.push(required(at.child(field), `must specify one of ${supported.join(', ')}`));
      else if (value != null && !supported.some((each) => each === value))
        errors.push(notSupported(at.child(field), value, supported));
    }
    const seconds = webhook.timeoutSeconds;
    if (seconds != null && (seconds < 1 || seconds > 30)) {
      errors.push(
        invalidValue(at.child('timeoutSeconds'), seconds, 'the timeout value must be between 1 and 30 seconds'),
      );
    }
    const { url, service } = webhook.clientConfig ?? {};
    if ((url == null) === (service == null))
      errors.push(required(at.child('clientConfig'), 'exactly one of url or service is required'));
    return [
      ...errors,
      ...validateLabelSelector(webhook.namespaceSelector, at.child('namespaceSelector')),
      ...validateLabelSelector(webhook.objectSelector, at.child('objectSelector')),
    ];
  });
}
