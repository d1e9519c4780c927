export { type ContainerSimulation, type PodSimulation } from './behaviour.ts';
export { type ImageOptions, SimulatedImages } from './image-service.ts';
export { SimulatedRuntime, type SimulatedRuntimeOptions, type StreamingRequest } from './runtime-service.ts';
export { SimulatedStreaming } from './streaming-server.ts';
