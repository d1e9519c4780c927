export {
  ensureSandboxImage,
  imageArchive,
  importImage,
  SandboxImageError,
  sandboxImageName,
} from './image.ts';
export { type Architecture, pauseExecutable } from './program.ts';
export { type TarEntry, tar } from './tar.ts';
