import { cleanupFinalizer, type Definition, removeCondition, setCondition } from '../../../extensions/definition.ts';
import { formatWarnings } from '../../../extensions/format-warnings.ts';
import {
  definitionName,
  validateAcceptedNames,
  validateDefinition,
  validateDefinitionUpdate,
} from '../../../extensions/validate-definition.ts';
import type { ResourceRegistration } from '../../generic/strategy.ts';

export const customresourcedefinitions: ResourceRegistration<Definition> = {
  resource: { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' },
  storagePrefix: 'apiextensions.k8s.io/customresourcedefinitions',
  strategy: {
    allowUnconditionalUpdate: false,
    default(definition) {
      const given = definition.spec as Definition['spec'] | undefined;
      if (!given) return;
      if (given.names) {
        given.names.singular ||= (given.names.kind ?? '').toLowerCase();
        if (given.names.kind) given.names.listKind ||= `${given.names.kind}List`;
      }
      given.conversion ??= { strategy: 'None' };
      const status = (definition.status ??= {});
      if ((status.storedVersions ?? []).length === 0)
        status.storedVersions = (given.versions ?? []).filter(({ storage }) => storage).map(({ name }) => name);
      const service = given.conversion.webhook?.clientConfig?.service;
      if (service) service.port ??= 443;
    },
    prepareForCreate(definition) {
      const storage = (definition.spec?.versions ?? []).find((version) => version.storage);
      definition.status = {
        conditions: null,
        acceptedNames: { plural: '', kind: '' },
        storedVersions: storage === undefined ? [] : [storage.name],
      };
    },
    prepareForUpdate(definition, old) {
      definition.status = structuredClone(old.status ?? {});
      const stored = definition.status.storedVersions ?? [];
      const storage = (definition.spec?.versions ?? []).find((version) => version.storage)?.name;
      if (storage !== undefined && !stored.includes(storage)) definition.status.storedVersions = [...stored, storage];
    },
    warningsOnCreate: (definition) => formatWarnings(definition, undefined),
    warningsOnUpdate: formatWarnings,
    validateName: definitionName,
    validate: validateDefinition,
    validateUpdate: validateDefinitionUpdate,
    validateStatusUpdate: ({ status }) => validateAcceptedNames(status?.acceptedNames),
  },
  deleteStrategy: {
    alwaysMarkFirst: true,
    returnsDeletedObject: true,
    markDeleted(definition) {
      const metadata = (definition.metadata ??= {});
      const finalizers = metadata.finalizers ?? [];
      if (!finalizers.includes(cleanupFinalizer)) metadata.finalizers = [...finalizers, cleanupFinalizer];
      removeCondition(definition, 'Terminating');
      const since = metadata.deletionTimestamp === undefined ? new Date() : new Date(metadata.deletionTimestamp);
      setCondition(
        definition,
        {
          type: 'Terminating',
          status: 'True',
          reason: 'InstanceDeletionPending',
          message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
        },
        since,
      );
    },
  },
};
