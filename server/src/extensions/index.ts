/** CustomResourceDefinitions at work: serving, discovery and OpenAPI of the resources they define. */
import { unsupportedMediaType } from '@typernetes/openapi/meta';
import type { CustomDiscovery } from '../endpoints/discovery/merged-discovery.ts';
import type { CustomOpenApi } from '../endpoints/discovery/openapi-handler.ts';
import type { CustomResources } from './custom-resources.ts';
import { customGroups } from './discovery.ts';
import { CustomOpenApiV3, customOpenApiV2 } from './open-api.ts';

export type { CustomResource } from './custom-resource.ts';
export { CustomResources, type CustomResourcesOptions } from './custom-resources.ts';
export { RuleMetrics } from './metrics.ts';
export { validateDefinition, validateDefinitionUpdate } from './validate-definition.ts';

export function customDocuments(custom: CustomResources): CustomDiscovery & CustomOpenApi {
  const v3 = new CustomOpenApiV3();
  return {
    get revision() {
      return custom.revision;
    },
    groups: () => customGroups(custom.served()),
    openApiV2: () => customOpenApiV2(custom.served()),
    openApiV3: () => v3.documents(custom.served()),
  };
}

/** Custom resources have no merge keys that a strategic merge could go by. */
export const noStrategicMerge = () =>
  unsupportedMediaType(
    'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
  );
