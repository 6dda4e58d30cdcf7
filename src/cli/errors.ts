import type { ExitCode } from './exit-codes';

/** An error whose text is meant for the person who typed the command. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    /** `WrongUse`, `NotFound`, `Unreachable`, … or an error type of Tidemark: decides the exit code. */
    readonly type: string,
    message: string,
    readonly more: { hint?: string; problems?: string[]; toolMessage?: string } = {},
    options?: ErrorOptions,
    /** Where it is not the one of its type. */
    readonly exitCode?: ExitCode,
  ) {
    super(message, options);
  }
}
