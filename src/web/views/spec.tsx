/** The document, as it holds now. */
import { useState } from 'preact/hooks';
import { relationshipPath } from '../../api/paths';
import { ApiError, request } from '../data/api';
import { Section, Trouble } from './parts';

export function Spec({ name }: { name: string }) {
  const [text, setText] = useState<string>();
  const [error, setError] = useState<ApiError>();
  const read = async () => {
    try {
      const response = await request(relationshipPath(name, '/spec?format=yaml'));
      setText(await response.text());
      setError(undefined);
    } catch (failure) {
      setError(failure instanceof ApiError ? failure : new ApiError(String(failure)));
    }
  };
  return (
    <Section title="Spec">
      <div class="buttons">
        <button type="button" class="plain" onClick={() => void read()}>
          {text === undefined ? 'Show it' : 'Read it again'}
        </button>
      </div>
      <Trouble error={error} />
      {text !== undefined && (
        <pre class="spec" tabIndex={0} aria-label="Spec as YAML">
          {text}
        </pre>
      )}
    </Section>
  );
}
