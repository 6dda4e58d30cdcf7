/** Whose the token is, and the question for one. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { WhoAmI } from '../../api/operation-view';
import { getJson } from '../data/api';
import { usePoll } from '../data/poll';
import { forgetToken, isTokenWanted, keepToken, token, whoAmI } from '../data/session';

const WHO_EVERY_MS = 300_000;

export function Who() {
  const poll = usePoll('whoami', (signal) => getJson<WhoAmI>('/v1/whoami', signal), {
    everyMs: WHO_EVERY_MS,
  });
  const answer = poll.value.value;
  useEffect(() => {
    whoAmI.value = answer;
  }, [answer]);
  // Where none is wanted, nobody has a name.
  if (isTokenWanted.value || token.value === undefined) return null;
  const roles = answer ? `may ${answer.roles.join(', ')}` : '';
  return (
    <>
      <span class="who" title={roles}>
        {answer?.name ?? 'token'}
        <span class="unseen"> {roles}</span>
      </span>
      <button type="button" class="plain" onClick={forgetToken}>
        Forget token
      </button>
    </>
  );
}

export function SignIn() {
  const [given, setGiven] = useState('');
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);
  return (
    <form
      class="card sign-in"
      onSubmit={(event) => {
        event.preventDefault();
        if (given.trim()) keepToken(given.trim());
      }}
    >
      <h1 tabIndex={-1}>A token, please</h1>
      <p role="alert">
        {token.value === undefined
          ? 'What you see here, and what you may do, is up to its roles.'
          : 'The control worker does not know this token.'}
      </p>
      <label for="token">Token</label>
      <input
        id="token"
        ref={field}
        type="password"
        autocomplete="off"
        spellcheck={false}
        aria-describedby="token-note"
        value={given}
        onInput={(event) => setGiven(event.currentTarget.value)}
      />
      <p id="token-note" class="quiet">
        It is <code>TIDEMARK_TOKEN</code> of the control worker, or one of its file of tokens, and is kept
        until this tab is closed.
      </p>
      <div class="buttons">
        <button type="submit" class="main">
          Use it
        </button>
      </div>
    </form>
  );
}
