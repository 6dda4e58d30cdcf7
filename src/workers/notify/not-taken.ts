/** A receiver did not take a message; the text holds no secret. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken';

  constructor(
    message: string,
    /** Sent again, it would be refused again. */
    readonly isFinal = false,
  ) {
    super(message);
  }
}
