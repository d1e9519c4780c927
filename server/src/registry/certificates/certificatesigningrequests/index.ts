import { X509Certificate } from 'node:crypto';
import { formatTime, type KubernetesObject } from '@typernetes/openapi/meta';
import type {
  CertificateSigningRequest,
  CertificateSigningRequestCondition,
} from '@typernetes/openapi/types/certificates/v1';
import { reviewedUser } from '../../../authentication/reviews.ts';
import { pemBlocks, requestProblem } from '../../../certificates/index.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { age, ageColumn, humanDuration, nameColumn, text } from '../../printing/index.ts';
import type { FieldError } from '../../validation/index.ts';
import {
  duplicate,
  forbiddenField,
  immutable,
  invalidValue,
  notSupported,
  path,
  pathSegmentName,
  required,
  semanticEqual,
} from '../../validation/index.ts';
import { validateSignerName } from '../signer-name.ts';

const spec = path('spec');
/** An update of /approval, whose view lets through metadata and conditions only. */
const APPROVAL = 'approval';

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];

function validateRequest(request: CertificateSigningRequest): FieldError[] {
  const given = request.spec ?? { request: '', signerName: '' };
  const errors: FieldError[] = [];
  const pem = Buffer.from(given.request ?? '', 'base64').toString();
  const problem = requestProblem(pem);
  if (problem !== undefined) errors.push(invalidValue(spec.child('request'), given.request, problem));
  const usages = given.usages ?? [];
  if (usages.length === 0) errors.push(required(spec.child('usages'), ''));
  const seen = new Set<string>();
  for (const [index, usage] of usages.entries()) {
    const at = spec.child('usages').index(index);
    if (!USAGES.includes(usage)) errors.push(notSupported(at, usage, USAGES));
    if (seen.has(usage)) errors.push(duplicate(at, usage));
    seen.add(usage);
  }
  const signer = spec.child('signerName');
  if (given.signerName === 'kubernetes.io/legacy-unknown') {
    errors.push(invalidValue(signer, given.signerName, 'the legacy signerName is not allowed via this API version'));
  } else errors.push(...validateSignerName(given.signerName, signer));
  const seconds = given.expirationSeconds;
  if (seconds != null && seconds < 600) {
    errors.push(
      invalidValue(
        spec.child('expirationSeconds'),
        seconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    );
  }
  return [...errors, ...validateConditions(request)];
}

/** PEM of certificates and nothing else; what it says is the signer's affair. */
function validateCertificate(encoded: string | undefined): FieldError[] {
  if (!encoded) return [];
  const refuse = (message: string): FieldError[] => [
    invalidValue(path('status', 'certificate'), '<certificate data>', message),
  ];
  const pem = Buffer.from(encoded, 'base64').toString();
  const blocks = [...pemBlocks(pem)];
  if (blocks.length === 0) return refuse('must contain at least one CERTIFICATE PEM block');
  for (const { type, whole, body } of blocks) {
    if (type !== 'CERTIFICATE') return refuse(`only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`);
    if (body.includes(':')) return refuse('no PEM block headers are permitted');
    try {
      if (new X509Certificate(whole).raw.length === 0)
        return refuse('found CERTIFICATE PEM block containing 0 certificates');
    } catch (error) {
      return refuse((error as Error).message);
    }
  }
  return [];
}

const FINAL_TYPES = new Set(['Approved', 'Denied', 'Failed']);

function validateConditions(request: CertificateSigningRequest): FieldError[] {
  const at = path('status', 'conditions');
  const seen = new Set<string>();
  return (request.status?.conditions ?? []).flatMap((condition, index) => {
    const here = at.index(index);
    const allowed = FINAL_TYPES.has(condition.type) ? ['True'] : ['False', 'True', 'Unknown'];
    const errors: FieldError[] = condition.type ? [] : [required(here.child('type'), '')];
    if (!condition.status) errors.push(required(here.child('status'), ''));
    else if (!allowed.includes(condition.status))
      errors.push(notSupported(here.child('status'), condition.status, allowed));
    const opposite = { Approved: 'Denied', Denied: 'Approved' }[condition.type];
    if (opposite !== undefined && seen.has(opposite)) {
      errors.push(invalidValue(at, condition.type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (seen.has(condition.type)) errors.push(duplicate(here.child('type'), condition.type));
    seen.add(condition.type);
    return errors;
  });
}

function ofType(request: Readonly<CertificateSigningRequest>, type: string): CertificateSigningRequestCondition[] {
  return (request.status?.conditions ?? []).filter((condition) => condition.type === type);
}

/** What was decided stays decided, and only /approval decides. */
function validateDecisions(
  request: CertificateSigningRequest,
  old: Readonly<CertificateSigningRequest>,
  approving: boolean,
): FieldError[] {
  const at = path('status', 'conditions');
  return ['Approved', 'Denied', 'Failed'].flatMap((type) => {
    const [before, after] = [ofType(old, type), ofType(request, type)];
    const name = JSON.stringify(type);
    if (before.length > after.length) return [forbiddenField(at, `updates may not remove a condition of type ${name}`)];
    if (approving || type === 'Failed' || after.length <= before.length) return [];
    return [forbiddenField(at, `updates may not add a condition of type ${name}`)];
  });
}

/** Updates of /status cannot touch what was decided; where a decision comes or goes, validation objects. */
function keepDecision(
  request: CertificateSigningRequest,
  old: Readonly<CertificateSigningRequest>,
  type: string,
): void {
  const before = ofType(old, type);
  const conditions = request.status?.conditions;
  if (!conditions || ofType(request, type).length !== before.length) return;
  const kept = structuredClone(before).values();
  for (const [index, condition] of conditions.entries())
    if (condition.type === type) conditions[index] = kept.next().value ?? condition;
}

function fillTimes(request: CertificateSigningRequest, old: Readonly<CertificateSigningRequest>, now: Date): void {
  for (const condition of request.status?.conditions ?? []) {
    condition.lastUpdateTime ??= formatTime(now);
    if (condition.lastTransitionTime) continue;
    const same = ofType(old, condition.type).find(
      (other) => other.status === condition.status && other.lastTransitionTime,
    );
    condition.lastTransitionTime = same?.lastTransitionTime ?? formatTime(now);
  }
}

function conditionText(request: CertificateSigningRequest): string {
  let shown = 'Pending';
  if (ofType(request, 'Denied').length > 0) shown = 'Denied';
  else if (ofType(request, 'Approved').length > 0) shown = 'Approved';
  if (ofType(request, 'Failed').length > 0) shown += ',Failed';
  return request.status?.certificate ? `${shown},Issued` : shown;
}

export const certificatesigningrequests: ResourceRegistration<CertificateSigningRequest> = {
  resource: { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' },
  strategy: {
    hasGeneration: false,
    // Whatever can stand in a path.
    validateName: pathSegmentName,
    prepareForCreate(request, { user }) {
      const {
        username: _name,
        uid: _uid,
        groups: _groups,
        extra: _extra,
        ...asked
      } = request.spec ?? { request: '', signerName: '' };
      request.spec = {
        ...asked,
        ...reviewedUser(user),
      };
      request.status = {};
    },
    prepareForUpdate(request, old, { subresource, now }) {
      const conditions = request.status?.conditions;
      if (old.spec) request.spec = structuredClone(old.spec);
      request.status = structuredClone(old.status ?? {});
      if (subresource !== APPROVAL) return;
      if (conditions) request.status.conditions = conditions;
      else delete request.status.conditions;
      fillTimes(request, old, now);
    },
    prepareForStatusUpdate(request, old, { now }) {
      if (old.spec) request.spec = structuredClone(old.spec);
      for (const type of ['Approved', 'Denied']) keepDecision(request, old, type);
      fillTimes(request, old, now);
    },
    validate: validateRequest,
    validateUpdate: (request, old, { subresource }) => [
      ...(semanticEqual(request.status, old.status) ? [] : validateConditions(request)),
      ...validateDecisions(request, old, subresource === APPROVAL),
    ],
    validateStatusUpdate(request, old) {
      const errors = [...validateConditions(request), ...validateDecisions(request, old, false)];
      if (!semanticEqual(request.status?.certificate, old.status?.certificate))
        errors.push(...validateCertificate(request.status?.certificate));
      if (old.status?.certificate) {
        errors.push(...immutable(path('status', 'certificate'), request.status?.certificate, old.status.certificate));
      }
      return errors;
    },
  },
  selectableFields: { 'spec.signerName': (request) => request.spec?.signerName ?? '' },
  subresources: {
    approval: {
      kind: { group: 'certificates.k8s.io', version: 'v1', kind: 'CertificateSigningRequest' },
      view: (request) => structuredClone(request) as KubernetesObject,
      apply(view, request) {
        if (view.metadata) request.metadata = structuredClone(view.metadata);
        const { conditions: _, ...status } = request.status ?? {};
        const { conditions } = (view as CertificateSigningRequest).status ?? {};
        request.status = { ...status, ...(conditions ? { conditions } : {}) };
      },
    },
  },
  table: {
    columns: [
      nameColumn,
      ageColumn,
      text('SignerName'),
      text('Requestor'),
      text('RequestedDuration'),
      text('Condition'),
    ],
    cells(request, now) {
      const seconds = request.spec?.expirationSeconds;
      return [
        request.metadata?.name ?? '',
        age(request, now),
        request.spec?.signerName || '<none>',
        request.spec?.username ?? '',
        seconds == null ? '<none>' : humanDuration(seconds * 1000),
        conditionText(request),
      ];
    },
  },
};
