import type { ClusterTrustBundle } from '@typernetes/openapi/types/certificates/v1beta1';
import type { ResourceRegistration } from '../../generic/strategy.ts';
import { nameColumn, text } from '../../printing/index.ts';
import { immutable, path } from '../../validation/index.ts';

export const clustertrustbundles: ResourceRegistration<ClusterTrustBundle> = {
  resource: { group: 'certificates.k8s.io', resource: 'clustertrustbundles' },
  strategy: {
    allowUnconditionalUpdate: false,
    hasGeneration: false,
    // A bundle of a signer is called SIGNER:NAME, colons included.
    validateName: (name) => (/[/%]/.test(name) ? ["may not contain '/' or '%'"] : []),
    validateUpdate: (bundle, old) =>
      immutable(path('spec', 'signerName'), bundle.spec?.signerName, old.spec?.signerName),
  },
  selectableFields: { 'spec.signerName': (bundle) => bundle.spec?.signerName ?? '' },
  table: {
    columns: [nameColumn, text('SignerName')],
    cells: (bundle) => [bundle.metadata?.name ?? '', bundle.spec?.signerName || '<none>'],
  },
};
