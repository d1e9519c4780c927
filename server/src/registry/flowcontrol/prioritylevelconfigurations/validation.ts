import { deepEqual } from '@typernetes/openapi/schema';
import type {
  LimitedPriorityLevelConfiguration,
  LimitResponse,
  PriorityLevelConfiguration,
  QueuingConfiguration,
} from '@typernetes/openapi/types/flowcontrol/v1';
import { mandatoryLevels } from '../../../flowcontrol/bootstrap.ts';
import { maxHashBits, requiredEntropyBits } from '../../../flowcontrol/shuffle-sharding.ts';
import {
  type FieldError,
  forbiddenField,
  invalidValue,
  notSupported,
  type Path,
  path,
  required,
} from '../../validation/index.ts';
import { validateConditions } from '../conditions.ts';

const maxQueues = 10_000_000;
/** Only conversion from v1beta3 may use it. */
const zeroSharesAnnotation = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares';
const spec = path('spec');

export function validatePriorityLevel(level: PriorityLevelConfiguration): FieldError[] {
  const { name = '', annotations = {} } = level.metadata ?? {};
  const { type = '', limited, exempt } = level.spec ?? {};
  const errors: FieldError[] = [];
  if (Object.hasOwn(annotations, zeroSharesAnnotation)) {
    const message = `annotation '${zeroSharesAnnotation}' is forbidden`;
    errors.push(forbiddenField(path('metadata', 'annotations'), message));
  }
  if ((name === 'exempt') !== (type === 'Exempt')) {
    errors.push(invalidValue(spec.child('type'), type, "must be 'Exempt' if and only if `name` is 'exempt'"));
  }
  switch (type) {
    case 'Exempt':
      if (limited) errors.push(forbiddenField(spec.child('limited'), 'must be nil if the type is not Limited'));
      if (exempt) errors.push(...validateShares(exempt, spec.child('exempt')));
      break;
    case 'Limited':
      if (exempt) errors.push(forbiddenField(spec.child('exempt'), 'must be nil if the type is Limited'));
      if (limited) errors.push(...validateLimited(limited, spec.child('limited')));
      else errors.push(required(spec.child('limited'), 'must not be empty when type is Limited'));
      break;
    default:
      errors.push(notSupported(spec.child('type'), type, ['Exempt', 'Limited']));
  }
  errors.push(...validateMandatory(level, name));
  return [...errors, ...validateConditions(level.status?.conditions)];
}

function validateMandatory(level: PriorityLevelConfiguration, name: string): FieldError[] {
  const mandatory = mandatoryLevels.find(({ metadata }) => metadata?.name === name)?.spec;
  if (mandatory === undefined) return [];
  if (name !== 'exempt') {
    const same = deepEqual(level.spec, mandatory);
    return same ? [] : [invalidValue(spec, level.spec, `spec of '${name}' must equal the fixed value`)];
  }
  const message = `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`;
  const same = deepEqual({ ...level.spec, exempt: mandatory.exempt }, mandatory);
  return same ? [] : [invalidValue(spec, level.spec, message)];
}

type Shares = Pick<LimitedPriorityLevelConfiguration, 'nominalConcurrencyShares' | 'lendablePercent'>;

function validateNominal({ nominalConcurrencyShares: shares }: Shares, at: Path): FieldError[] {
  if (shares == null || shares >= 0) return [];
  return [invalidValue(at.child('nominalConcurrencyShares'), shares, 'must be a non-negative integer')];
}

function validateLendable({ lendablePercent: percent }: Shares, at: Path): FieldError[] {
  if (percent == null || (percent >= 0 && percent <= 100)) return [];
  return [invalidValue(at.child('lendablePercent'), percent, 'must be between 0 and 100, inclusive')];
}

function validateShares(shares: Shares, at: Path): FieldError[] {
  return [...validateNominal(shares, at), ...validateLendable(shares, at)];
}

function validateLimited(limited: LimitedPriorityLevelConfiguration, at: Path): FieldError[] {
  const errors = [
    ...validateNominal(limited, at),
    ...validateResponse(limited.limitResponse, at.child('limitResponse')),
    ...validateLendable(limited, at),
  ];
  const { borrowingLimitPercent: percent } = limited;
  if (percent != null && percent < 0) {
    const message = 'if specified, must be a non-negative integer';
    errors.push(invalidValue(at.child('borrowingLimitPercent'), percent, message));
  }
  return errors;
}

function validateResponse(response: LimitResponse | undefined, at: Path): FieldError[] {
  const { type = '', queuing } = response ?? {};
  switch (type) {
    case 'Reject': {
      const message = 'must be nil if limited.limitResponse.type is not Limited';
      return queuing ? [forbiddenField(at.child('queuing'), message)] : [];
    }
    case 'Queue': {
      const message = 'must not be empty if limited.limitResponse.type is Limited';
      return queuing ? validateQueuing(queuing, at.child('queuing')) : [required(at.child('queuing'), message)];
    }
    default:
      return [notSupported(at.child('type'), type, ['Queue', 'Reject'])];
  }
}

function validateQueuing(queuing: QueuingConfiguration, at: Path): FieldError[] {
  const { queues = 0, handSize = 0, queueLengthLimit = 0 } = queuing;
  const errors: FieldError[] = [];
  if (queueLengthLimit <= 0)
    errors.push(invalidValue(at.child('queueLengthLimit'), queueLengthLimit, 'must be positive'));
  if (queues <= 0) errors.push(invalidValue(at.child('queues'), queues, 'must be positive'));
  else if (queues > maxQueues) {
    errors.push(invalidValue(at.child('queues'), queues, `must not be greater than ${maxQueues}`));
  }
  const handAt = at.child('handSize');
  if (handSize <= 0) errors.push(invalidValue(handAt, handSize, 'must be positive'));
  else if (handSize > queues) {
    errors.push(invalidValue(handAt, handSize, `should not be greater than queues (${queues})`));
  } else if (requiredEntropyBits(queues, handSize) > maxHashBits) {
    const message = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${maxHashBits}`;
    errors.push(invalidValue(handAt, handSize, message));
  }
  return errors;
}
