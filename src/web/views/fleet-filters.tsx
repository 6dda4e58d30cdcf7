/** Which relationships are shown, in which order. */
import { useEffect, useState } from 'preact/hooks';
import type { Sort } from '../../model/choose-relationships';
import { address, replaceAddress } from '../data/navigate';
import { fleetHref, type FleetFilter } from '../model/address';

/** Somebody types: the control worker is asked once they rest. */
const TYPED_AFTER_MS = 250;

const SORT_TITLES: Readonly<Record<Sort, string>> = {
  status: 'Worst first',
  lag: 'Oldest copy first',
  name: 'By name',
};

interface FieldProps {
  label: string;
  value: string;
  placeholder: string;
  take: (value: string) => void;
}

/** A text field whose value goes to the address a moment after the last key. */
function Field({ label, value, placeholder, take }: FieldProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => take(typed), TYPED_AFTER_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="search"
        value={typed}
        placeholder={placeholder}
        autocomplete="off"
        autocapitalize="none"
        spellcheck={false}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
    </label>
  );
}

const toLabels = (text: string) =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean);

/** Of what the address says by now: another field may have changed it since. */
function change(more: Partial<FleetFilter>): void {
  const at = address.peek();
  if (at.view === 'fleet') replaceAddress(fleetHref({ ...at.filter, offset: 0, ...more }));
}

export function FleetFilters({ filter }: { filter: FleetFilter }) {
  const { search, labels, host, sort } = filter;
  return (
    <form
      class="filters"
      role="search"
      aria-label="Relationships"
      onSubmit={(event) => event.preventDefault()}
    >
      <Field
        label="Name"
        placeholder="part of it"
        value={search}
        take={(text) => change({ search: text.trim() })}
      />
      <Field
        label="Labels"
        placeholder="tier=gold, !test"
        value={labels.join(', ')}
        take={(text) => change({ labels: toLabels(text) })}
      />
      <Field label="Host" placeholder="any" value={host} take={(text) => change({ host: text.trim() })} />
      <label class="field">
        <span>Order</span>
        <select value={sort} onChange={(event) => change({ sort: event.currentTarget.value as Sort })}>
          {Object.entries(SORT_TITLES).map(([each, title]) => (
            <option key={each} value={each}>
              {title}
            </option>
          ))}
        </select>
      </label>
    </form>
  );
}
