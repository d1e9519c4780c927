/** How a definition converts between its versions, against upstream's rules. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  path,
  required,
} from '@typernetes/openapi/meta';
import { dns1035Label } from '../registry/validation/index.ts';
import { validateCaBundle, validateWebhookService, validateWebhookUrl } from '../webhooks/index.ts';
import { type Definition, isTrue } from './definition.ts';

type Conversion = Definition['spec']['conversion'];

const strategies = ['None', 'Webhook'];
const reviewVersions = ['v1', 'v1beta1'];

export function validateConversion(
  conversion: Conversion,
  at: FieldPath,
  old: Readonly<Definition> | undefined,
): FieldError[] {
  if (conversion === undefined) return [];
  const strategy = conversion.strategy as string | undefined;
  const errors: FieldError[] = [];
  if (!strategy) errors.push(required(at.child('strategy'), ''));
  else if (!strategies.includes(strategy)) errors.push(notSupported(at.child('strategy'), strategy, strategies));
  const config = conversion.webhook?.clientConfig;
  const reviews = conversion.webhook?.conversionReviewVersions ?? [];
  const client = at.child('webhookClientConfig');
  const reviewsAt = at.child('conversionReviewVersions');
  if (strategy !== 'Webhook') {
    const detail = 'should not be set when strategy is not set to Webhook';
    if (config !== undefined) errors.push(forbiddenField(client, detail));
    if (reviews.length > 0) errors.push(forbiddenField(reviewsAt, detail));
    return errors;
  }
  if (config === undefined) errors.push(required(client, 'required when strategy is set to Webhook'));
  else {
    if ((config.url === undefined) === (config.service === undefined))
      errors.push(required(client, 'exactly one of url or service is required'));
    else if (config.url !== undefined) errors.push(...validateWebhookUrl(client.child('url'), config.url));
    else if (config.service !== undefined)
      errors.push(...validateWebhookService(client.child('service'), config.service));
    const { caBundle = '' } = config;
    if (caBundle !== '' && !mayHaveInvalidCaBundle(old))
      errors.push(...validateCaBundle(client.child('caBundle'), caBundle));
  }
  return [...errors, ...validateReviewVersions(reviews, reviewsAt, old)];
}

/** Those who install definitions often fill it in later; what is served with a good one keeps it. */
function mayHaveInvalidCaBundle(old: Readonly<Definition> | undefined): boolean {
  if (old === undefined || !isTrue(old, 'Established')) return true;
  const { caBundle = '' } = old.spec.conversion?.webhook?.clientConfig ?? {};
  return caBundle !== '' && validateCaBundle(path(), caBundle).length > 0;
}

function validateReviewVersions(
  versions: readonly string[],
  at: FieldPath,
  old: Readonly<Definition> | undefined,
): FieldError[] {
  if (versions.length === 0) return [required(at, '')];
  const errors = versions.flatMap((version, index) =>
    versions.indexOf(version) < index
      ? [invalidValue(at.index(index), version, 'duplicate version')]
      : dns1035Label(version).map((message) => invalidValue(at.index(index), version, message)),
  );
  const known = (list: readonly string[]): boolean => list.some((version) => reviewVersions.includes(version));
  const before = old?.spec.conversion?.webhook?.conversionReviewVersions ?? [];
  const mayBeUnknown = before.length > 0 && !known(before);
  if (!known(versions) && !mayBeUnknown)
    errors.push(invalidValue(at, versions, `must include at least one of ${reviewVersions.join(', ')}`));
  return errors;
}
