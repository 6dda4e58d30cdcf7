/** Lets so many act at once; the others wait, and go in the order in which they came. */
export function makeLimit(atOnce: number): <T>(act: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let acting = 0;
  return async (act) => {
    if (acting < atOnce) acting++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      // The place is handed on, so that nobody takes it in between.
      if (next) next();
      else acting--;
    }
  };
}
