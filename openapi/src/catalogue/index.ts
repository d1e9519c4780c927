/**
 * What the upstream API consists of: resources, schemas, discovery and OpenAPI documents, protobuf field numbers.
 * Everything is generated from openapi/spec and loaded when it is first asked for.
 */
export { kubernetesVersion } from '../../generated/version.ts';
export {
  type APIGroupDiscovery,
  type APIGroupDiscoveryList,
  type APIResourceDiscovery,
  type APISubresourceDiscovery,
  type APIVersionDiscovery,
  type DiscoveryDocuments,
  discoveryDocuments,
} from './discovery.ts';
export { encodeOpenApiV2, encodeOpenApiV3 } from './gnostic.ts';
export {
  type OpenApiEncoding,
  type OpenApiV3Index,
  openApiHash,
  openApiProtobufType,
  openApiV2,
  openApiV3,
  openApiV3Index,
} from './openapi.ts';
export {
  type FieldDescriptor,
  type MessageDescriptor,
  type ProtobufDescriptors,
  protobufDescriptors,
} from './protobuf.ts';
export {
  catalogue,
  findKind,
  findResource,
  type GroupDefinition,
  groups,
  preferredVersion,
  type ResourceDefinition,
  type Served,
  type SubresourceDefinition,
  servedByDefault,
} from './resources.ts';
export { definitionName, schemaByName, schemaFor } from './schemas.ts';
