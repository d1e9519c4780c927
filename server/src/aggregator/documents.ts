/** Discovery and OpenAPI of custom resources and of other servers together. */
import type { JsonObject } from '@typernetes/openapi/meta';
import type { CustomDiscovery, CustomGroup } from '../endpoints/discovery/merged-discovery.ts';
import type { CustomOpenApi } from '../endpoints/discovery/openapi-handler.ts';
import type { Aggregator } from './aggregator.ts';
import { groupVersionOf, sortedByGroupAndVersion } from './api-service.ts';
import { mergeOpenApiV2 } from './openapi-merge.ts';

export function aggregatedDocuments(
  aggregator: Aggregator,
  custom: CustomDiscovery & CustomOpenApi,
): CustomDiscovery & CustomOpenApi {
  return {
    get revision() {
      return custom.revision + aggregator.revision;
    },
    /** Other servers before custom resources: a group version is shown by whoever answers for it. */
    groups: () => [...remoteGroups(aggregator), ...custom.groups()],
    registered: () => aggregator.registered(),
    sort: (versions) =>
      sortedByGroupAndVersion(versions.map((each) => ({ ...each, priority: aggregator.priority(each) }))),
    openApiV2: () => custom.openApiV2(),
    openApiV2Amendments() {
      const added = new Map(aggregator.openApi.v2());
      const versions = [...added.keys()].map((name) => ({ ...groupVersionOf(name), name }));
      const ranked = versions.map((each) => ({ ...each, priority: aggregator.priority(each) }));
      return sortedByGroupAndVersion(ranked).flatMap(([, members]) =>
        members.map(
          ({ name }) =>
            (document: JsonObject) =>
              mergeOpenApiV2(document, added.get(name)!),
        ),
      );
    },
    openApiV3() {
      const documents = new Map(custom.openApiV3());
      for (const [path, document] of aggregator.openApi.converted())
        documents.set(path, { identity: document, make: () => document });
      return documents;
    },
    openApiV3Links: () => aggregator.openApiV3Links(),
  };
}

function remoteGroups(aggregator: Aggregator): CustomGroup[] {
  return aggregator
    .registered()
    .filter(({ remote }) => remote)
    .map(({ group, version, name }) => {
      const { resources = [], freshness } = aggregator.discovery.entry(name) ?? { freshness: 'Stale' as const };
      return { name: group, versions: [{ version, aggregated: resources, freshness }] };
    });
}
