import { status } from '@grpc/grpc-js';

/** What the driver answers a call with that it does not carry out. */
export class Refusal extends Error {
  constructor(
    readonly code: status,
    message: string,
  ) {
    super(message);
  }
}

/** An error as Go's clients of gRPC word it, and so as users see it in events. */
export function wordError(error: unknown): string {
  const code = error instanceof Refusal ? error.code : status.INTERNAL;
  const words = (status[code] ?? 'UNKNOWN').toLowerCase().split('_');
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return `rpc error: code = ${name} desc = ${error instanceof Error ? error.message : String(error)}`;
}
