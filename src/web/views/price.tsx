/** What a failover would cost now: asked of the hosts, and so only where somebody wants to know. */
import { useState } from 'preact/hooks';
import type { Price } from '../../model/price';
import { formatBytes, formatDuration, formatEntries } from '../../model/units';
import { relationshipPath } from '../../api/paths';
import { ApiError, getJson } from '../data/api';
import { announce } from '../data/announce';
import { leftOutText } from '../model/left-out-text';
import { AsOf, Section, Trouble, When } from './parts';

export function askPrice(name: string, target: string, point: string): Promise<Price> {
  const query = new URLSearchParams();
  if (target) query.set('target', target);
  if (point) query.set('point', point);
  return getJson<Price>(relationshipPath(name, `/price?${query}`));
}

export function PriceFacts({ price }: { price: Price }) {
  const { target, host, point, ageSeconds, verifiedAt, changed, leftOut, newerPoints, unknown, objections } =
    price;
  return (
    <div class="price">
      <dl class="facts wide">
        <dt>Would take over</dt>
        <dd>
          {target} on {host}
        </dd>
        <dt>Goes back to</dt>
        <dd>
          {point ? (
            <>
              <When at={point.capturedAt} isMoment />: {formatDuration((ageSeconds ?? 0) * 1000)} old,{' '}
              {formatBytes(point.bytes)},{' '}
              {verifiedAt ? (
                <>
                  verified <When at={verifiedAt} />
                </>
              ) : (
                'never verified'
              )}
            </>
          ) : (
            'nothing: no sync to it ever ended'
          )}
        </dd>
        <dt>Would be lost</dt>
        <dd>
          {changed
            ? `${formatEntries(changed.entries)} changed since, ${formatBytes(changed.bytes)}`
            : 'not known'}
          {changed && changed.examples.length > 0 && (
            <span class="quiet"> – {changed.examples.join(', ')}</span>
          )}
        </dd>
        {leftOut.length > 0 && (
          <>
            <dt>Was never copied</dt>
            <dd>{leftOutText(leftOut)}</dd>
          </>
        )}
        {newerPoints > 0 && (
          <>
            <dt>Left behind</dt>
            <dd>{newerPoints} newer points</dd>
          </>
        )}
        {unknown.length > 0 && (
          <>
            <dt>Not known</dt>
            <dd>
              {unknown.map((text) => (
                <p key={text}>{text}</p>
              ))}
            </dd>
          </>
        )}
        {objections.length > 0 && (
          <>
            <dt>Speaks against it</dt>
            <dd class="tone-down">
              {objections.map((text) => (
                <p key={text}>{text}</p>
              ))}
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}

interface Asked {
  price?: Price;
  error?: ApiError;
  at?: number;
  isAsking?: boolean;
}

export function PriceNow({ name, targets }: { name: string; targets: readonly string[] }) {
  const [target, setTarget] = useState('');
  const [{ price, error, at, isAsking }, setAsked] = useState<Asked>({});
  const ask = async () => {
    setAsked({ isAsking: true });
    try {
      setAsked({ price: await askPrice(name, target, ''), at: Date.now() });
      announce('The price of a failover is there');
    } catch (failure) {
      setAsked({ error: failure instanceof ApiError ? failure : new ApiError(String(failure)) });
    }
  };
  return (
    <Section title="A failover now" aside={at === undefined ? undefined : <AsOf at={at} />}>
      <div class="buttons">
        {targets.length > 1 && (
          <label class="field inline">
            <span>To</span>
            <select value={target} onChange={(event) => setTarget(event.currentTarget.value)}>
              <option value="">the freshest</option>
              {targets.map((each) => (
                <option key={each} value={each}>
                  {each}
                </option>
              ))}
            </select>
          </label>
        )}
        <button type="button" disabled={isAsking} onClick={() => void ask()}>
          {isAsking ? 'Asking the hosts…' : 'What would it cost?'}
        </button>
      </div>
      <Trouble error={error} />
      {price && <PriceFacts price={price} />}
    </Section>
  );
}
