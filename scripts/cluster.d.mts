export const executable: string;

export interface TestNetwork {
  name: string;
  prefix: string[];
  leftovers(): string[];
  remove(): void;
}
export function makeNetwork(): TestNetwork;

export interface TestCluster {
  dataDirectory: string;
  kubeconfig: string;
  /** Of the `up` process. */
  pid: number;
  readyAfterMs: number;
  output(): string;
  /** Ctrl-C; resolves to the exit code and to what is left of it. */
  stop(options?: { keep?: boolean }): Promise<{ code: number | null; leftovers: string[] }>;
}
export function startCluster(options?: {
  args?: readonly string[];
  prefix?: readonly string[];
  directory?: string;
  deadlineMs?: number;
  environment?: Readonly<Record<string, string>>;
}): Promise<TestCluster>;

export function leftovers(directory: string): string[];
export function logs(dataDirectory: string, lines?: number): string;
