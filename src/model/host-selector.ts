/** Which hosts a target means that names none: by the labels of their agents, as a LabelSelector of Kubernetes. Pure. */
import type { Labels } from './labels';
import type { HostSelector } from './spec';

type Expression = NonNullable<HostSelector['matchExpressions']>[number];

function holds({ key, operator, values = [] }: Expression, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    // Also of a host that has no such label.
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** Whether an agent with these labels is meant: everything that the selector asks for holds. */
export function isSelected(
  { matchLabels = {}, matchExpressions = [] }: HostSelector,
  labels: Labels,
): boolean {
  return (
    Object.entries(matchLabels).every(
      ([key, value]) => Object.hasOwn(labels, key) && labels[key] === value,
    ) && matchExpressions.every((expression) => holds(expression, labels))
  );
}

function formatExpression({ key, operator, values = [] }: Expression): string {
  switch (operator) {
    case 'In':
      return `${key} in (${values.join(',')})`;
    case 'NotIn':
      return `${key} notin (${values.join(',')})`;
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
  }
}

/** As `kubectl` takes it: `region=eu,tier in (edge,hub),!old`. */
export function formatSelector({ matchLabels = {}, matchExpressions = [] }: HostSelector): string {
  return [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(formatExpression),
  ].join(',');
}
