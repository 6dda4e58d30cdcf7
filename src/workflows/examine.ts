/** Says what `apply` would say of a document for a relationship that is not there yet; makes none. */
import { initialState } from '../model/relationship-state';
import { examineFor } from './apply';
import type { ExamineAnswer, ExamineInput } from '../api/messages';

/** @throws ApplicationFailure `InvalidSpec` with every problem. */
export async function examine({ name, document }: ExamineInput): Promise<ExamineAnswer> {
  return await examineFor(initialState(name), document);
}
