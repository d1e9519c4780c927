/**
 * The two services of CRI v1. A client implements them over a socket, a runtime implements them itself; both can
 * stand in for the other. Streamed methods answer an iterable: leaving its loop ends the stream. Written by
 * generate/generate.ts.
 */
import type { CallOptions, Input } from '../input.ts';
import type {
  AttachRequest,
  AttachResponse,
  CheckpointContainerRequest,
  CheckpointContainerResponse,
  ContainerEventResponse,
  ContainerStatsRequest,
  ContainerStatsResponse,
  ContainerStatusRequest,
  ContainerStatusResponse,
  CreateContainerRequest,
  CreateContainerResponse,
  ExecRequest,
  ExecResponse,
  ExecSyncRequest,
  ExecSyncResponse,
  GetEventsRequest,
  ImageFsInfoRequest,
  ImageFsInfoResponse,
  ImageStatusRequest,
  ImageStatusResponse,
  ListContainerStatsRequest,
  ListContainerStatsResponse,
  ListContainersRequest,
  ListContainersResponse,
  ListImagesRequest,
  ListImagesResponse,
  ListMetricDescriptorsRequest,
  ListMetricDescriptorsResponse,
  ListPodSandboxMetricsRequest,
  ListPodSandboxMetricsResponse,
  ListPodSandboxRequest,
  ListPodSandboxResponse,
  ListPodSandboxStatsRequest,
  ListPodSandboxStatsResponse,
  PodSandboxStatsRequest,
  PodSandboxStatsResponse,
  PodSandboxStatusRequest,
  PodSandboxStatusResponse,
  PortForwardRequest,
  PortForwardResponse,
  PullImageRequest,
  PullImageResponse,
  RemoveContainerRequest,
  RemoveContainerResponse,
  RemoveImageRequest,
  RemoveImageResponse,
  RemovePodSandboxRequest,
  RemovePodSandboxResponse,
  ReopenContainerLogRequest,
  ReopenContainerLogResponse,
  RunPodSandboxRequest,
  RunPodSandboxResponse,
  RuntimeConfigRequest,
  RuntimeConfigResponse,
  StartContainerRequest,
  StartContainerResponse,
  StatusRequest,
  StatusResponse,
  StopContainerRequest,
  StopContainerResponse,
  StopPodSandboxRequest,
  StopPodSandboxResponse,
  StreamContainerStatsRequest,
  StreamContainerStatsResponse,
  StreamContainersRequest,
  StreamContainersResponse,
  StreamImagesRequest,
  StreamImagesResponse,
  StreamPodSandboxesRequest,
  StreamPodSandboxesResponse,
  StreamPodSandboxMetricsRequest,
  StreamPodSandboxMetricsResponse,
  StreamPodSandboxStatsRequest,
  StreamPodSandboxStatsResponse,
  UpdateContainerResourcesRequest,
  UpdateContainerResourcesResponse,
  UpdatePodSandboxResourcesRequest,
  UpdatePodSandboxResourcesResponse,
  UpdateRuntimeConfigRequest,
  UpdateRuntimeConfigResponse,
  VersionRequest,
  VersionResponse,
} from './messages.ts';

export interface RuntimeService {
  version(request: Input<VersionRequest>, options?: CallOptions): Promise<VersionResponse>;
  runPodSandbox(request: Input<RunPodSandboxRequest>, options?: CallOptions): Promise<RunPodSandboxResponse>;
  stopPodSandbox(request: Input<StopPodSandboxRequest>, options?: CallOptions): Promise<StopPodSandboxResponse>;
  removePodSandbox(request: Input<RemovePodSandboxRequest>, options?: CallOptions): Promise<RemovePodSandboxResponse>;
  podSandboxStatus(request: Input<PodSandboxStatusRequest>, options?: CallOptions): Promise<PodSandboxStatusResponse>;
  listPodSandbox(request: Input<ListPodSandboxRequest>, options?: CallOptions): Promise<ListPodSandboxResponse>;
  streamPodSandboxes(
    request: Input<StreamPodSandboxesRequest>,
    options?: CallOptions,
  ): AsyncIterable<StreamPodSandboxesResponse>;
  createContainer(request: Input<CreateContainerRequest>, options?: CallOptions): Promise<CreateContainerResponse>;
  startContainer(request: Input<StartContainerRequest>, options?: CallOptions): Promise<StartContainerResponse>;
  stopContainer(request: Input<StopContainerRequest>, options?: CallOptions): Promise<StopContainerResponse>;
  removeContainer(request: Input<RemoveContainerRequest>, options?: CallOptions): Promise<RemoveContainerResponse>;
  listContainers(request: Input<ListContainersRequest>, options?: CallOptions): Promise<ListContainersResponse>;
  streamContainers(
    request: Input<StreamContainersRequest>,
    options?: CallOptions,
  ): AsyncIterable<StreamContainersResponse>;
  containerStatus(request: Input<ContainerStatusRequest>, options?: CallOptions): Promise<ContainerStatusResponse>;
  updateContainerResources(
    request: Input<UpdateContainerResourcesRequest>,
    options?: CallOptions,
  ): Promise<UpdateContainerResourcesResponse>;
  reopenContainerLog(
    request: Input<ReopenContainerLogRequest>,
    options?: CallOptions,
  ): Promise<ReopenContainerLogResponse>;
  execSync(request: Input<ExecSyncRequest>, options?: CallOptions): Promise<ExecSyncResponse>;
  exec(request: Input<ExecRequest>, options?: CallOptions): Promise<ExecResponse>;
  attach(request: Input<AttachRequest>, options?: CallOptions): Promise<AttachResponse>;
  portForward(request: Input<PortForwardRequest>, options?: CallOptions): Promise<PortForwardResponse>;
  containerStats(request: Input<ContainerStatsRequest>, options?: CallOptions): Promise<ContainerStatsResponse>;
  listContainerStats(
    request: Input<ListContainerStatsRequest>,
    options?: CallOptions,
  ): Promise<ListContainerStatsResponse>;
  streamContainerStats(
    request: Input<StreamContainerStatsRequest>,
    options?: CallOptions,
  ): AsyncIterable<StreamContainerStatsResponse>;
  podSandboxStats(request: Input<PodSandboxStatsRequest>, options?: CallOptions): Promise<PodSandboxStatsResponse>;
  listPodSandboxStats(
    request: Input<ListPodSandboxStatsRequest>,
    options?: CallOptions,
  ): Promise<ListPodSandboxStatsResponse>;
  streamPodSandboxStats(
    request: Input<StreamPodSandboxStatsRequest>,
    options?: CallOptions,
  ): AsyncIterable<StreamPodSandboxStatsResponse>;
  updateRuntimeConfig(
    request: Input<UpdateRuntimeConfigRequest>,
    options?: CallOptions,
  ): Promise<UpdateRuntimeConfigResponse>;
  status(request: Input<StatusRequest>, options?: CallOptions): Promise<StatusResponse>;
  checkpointContainer(
    request: Input<CheckpointContainerRequest>,
    options?: CallOptions,
  ): Promise<CheckpointContainerResponse>;
  getContainerEvents(request: Input<GetEventsRequest>, options?: CallOptions): AsyncIterable<ContainerEventResponse>;
  listMetricDescriptors(
    request: Input<ListMetricDescriptorsRequest>,
    options?: CallOptions,
  ): Promise<ListMetricDescriptorsResponse>;
  listPodSandboxMetrics(
    request: Input<ListPodSandboxMetricsRequest>,
    options?: CallOptions,
  ): Promise<ListPodSandboxMetricsResponse>;
  streamPodSandboxMetrics(
    request: Input<StreamPodSandboxMetricsRequest>,
    options?: CallOptions,
  ): AsyncIterable<StreamPodSandboxMetricsResponse>;
  runtimeConfig(request: Input<RuntimeConfigRequest>, options?: CallOptions): Promise<RuntimeConfigResponse>;
  updatePodSandboxResources(
    request: Input<UpdatePodSandboxResourcesRequest>,
    options?: CallOptions,
  ): Promise<UpdatePodSandboxResourcesResponse>;
}

export interface ImageService {
  listImages(request: Input<ListImagesRequest>, options?: CallOptions): Promise<ListImagesResponse>;
  streamImages(request: Input<StreamImagesRequest>, options?: CallOptions): AsyncIterable<StreamImagesResponse>;
  imageStatus(request: Input<ImageStatusRequest>, options?: CallOptions): Promise<ImageStatusResponse>;
  pullImage(request: Input<PullImageRequest>, options?: CallOptions): Promise<PullImageResponse>;
  removeImage(request: Input<RemoveImageRequest>, options?: CallOptions): Promise<RemoveImageResponse>;
  imageFsInfo(request: Input<ImageFsInfoRequest>, options?: CallOptions): Promise<ImageFsInfoResponse>;
}
