/** The token by which `tidemark up --allow-actions` lets its user do things by HTTP. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { loginName } from '../client/act-as';
import { upTokensPath } from '../client/up-state';

/** Makes the file of tokens where there is none; whoever has changed it keeps it. @returns its path */
export function ensureTokens(home: string): string {
  const path = upTokensPath(home);
  if (existsSync(path)) return path;
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const token = randomBytes(24).toString('base64url');
  const tokens = [{ name: loginName().replaceAll(/[^\w.@-]/g, '-'), token, roles: ['operate', 'approve'] }];
  writeFileSync(path, `${JSON.stringify({ tokens }, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return path;
}
