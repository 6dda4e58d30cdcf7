export const HOSTS = ['alpha', 'beta'] as const;
export type HostName = (typeof HOSTS)[number];
