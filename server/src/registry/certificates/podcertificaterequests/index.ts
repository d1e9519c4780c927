import type { PodCertificateRequest } from '@typernetes/openapi/types/certificates/v1beta1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { formatLabels, nameColumn, text } from '../../printing/index.ts';
import { immutable, path } from '../../validation/index.ts';

export const podcertificaterequests: ResourceRegistration<PodCertificateRequest> = {
  resource: { group: 'certificates.k8s.io', resource: 'podcertificaterequests' },
  strategy: {
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    statusKeepsMetadata: true,
    prepareForCreate(request) {
      request.status = {};
    },
    prepareForUpdate(request, old) {
      request.status = structuredClone(old.status ?? {});
    },
    validateUpdate: (request, old) => immutable(path('spec'), request.spec, old.spec),
  },
  selectableFields: {
    'spec.signerName': (request) => request.spec?.signerName ?? '',
    'spec.podName': (request) => request.spec?.podName ?? '',
    'spec.nodeName': (request) => request.spec?.nodeName ?? '',
  },
  table: {
    columns: [
      nameColumn,
      text('PodName'),
      text('ServiceAccountName'),
      text('NodeName'),
      text('SignerName'),
      text('State'),
      text('UnverifiedUserAnnotations'),
    ],
    cells(request) {
      const decided = (request.status?.conditions ?? []).findLast(({ type }) =>
        ['Issued', 'Denied', 'Failed'].includes(type),
      );
      const { podName, serviceAccountName, nodeName, signerName, unverifiedUserAnnotations } = request.spec ?? {};
      return [
        request.metadata?.name ?? '',
        podName ?? '',
        serviceAccountName ?? '',
        nodeName ?? '',
        signerName ?? '',
        decided?.type ?? 'Pending',
        formatLabels(unverifiedUserAnnotations),
      ];
    },
  },
};
