/** An error whose text is meant for the person who typed the command. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    /** `WrongUse`, `NotFound`, `Unreachable`, … or an error type of Tidemark: decides the exit code. */
    readonly type: string,
    message: string,
    readonly more: { hint?: string; problems?: string[]; toolMessage?: string } = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
