/** What waits for somebody, or is not as the spec wants it. */
import type { RelationshipView } from '../../api/operation-view';
import { attentionOf } from '../model/attention';
import { Notice, When } from './parts';

export function Attention({ view }: { view: RelationshipView }) {
  return (
    <>
      {attentionOf(view).map(({ tone, text, hint, since }) => (
        <Notice key={text} tone={tone}>
          {text.split('\n').map((line, index) => (
            <p key={index}>
              {line}
              {index === 0 && since ? (
                <span class="quiet">
                  {' '}
                  (<When at={since} />)
                </span>
              ) : null}
            </p>
          ))}
          {hint === undefined ? null : <p class="quiet">{hint}</p>}
        </Notice>
      ))}
    </>
  );
}
