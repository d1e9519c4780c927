export const root: string;
export const requiredMajor: number;
export function nodeExecutable(): string;
