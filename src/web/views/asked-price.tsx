/** The price of the failover that somebody is about to ask for. */
import { useEffect, useState } from 'preact/hooks';
import type { Price } from '../../model/price';
import { ApiError } from '../data/api';
import { askPrice, PriceFacts } from './price';
import { Trouble } from './parts';

interface AskedPriceProps {
  name: string;
  target: string;
  point: string;
  /** The failover is one at this price: in another epoch it is refused. */
  takePrice: (price: Price) => void;
}

export function AskedPrice({ name, target, point, takePrice }: AskedPriceProps) {
  const [price, setPrice] = useState<Price>();
  const [error, setError] = useState<ApiError>();
  useEffect(() => {
    let isWanted = true;
    setPrice(undefined);
    setError(undefined);
    askPrice(name, target, point).then(
      (answer) => {
        if (!isWanted) return;
        setPrice(answer);
        takePrice(answer);
      },
      (failure: unknown) => {
        if (isWanted) setError(failure instanceof ApiError ? failure : new ApiError(String(failure)));
      },
    );
    return () => {
      isWanted = false;
    };
  }, [name, target, point]);
  return (
    <div class="asked-price" aria-live="polite" aria-busy={!price && !error}>
      {!price && !error && <p class="quiet">Asking the hosts what it would cost…</p>}
      <Trouble error={error} />
      {price && <PriceFacts price={price} />}
    </div>
  );
}
