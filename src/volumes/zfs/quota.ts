/** The quota that leaves a dataset, or one below it, less than its pool has free. */
import type { Host } from '../../hosts/contract';
import type { Volume } from '../../model/records';
import { findTightest, type Quota } from '../../model/room';
import { parentOf } from './names';
import { isMissing, runZfs } from './tools';

type Numbers = Record<string, number>;

const PROPERTIES = 'quota,refquota,used,referenced,available';

/** Lines of `zfs get -Hp -o name,property,value`, by dataset. */
function parseNumbers(text: string): Map<string, Numbers> {
  const found = new Map<string, Numbers>();
  for (const line of text.split('\n')) {
    const [name = '', property = '', value = ''] = line.split('\t');
    if (name === '' || name.includes('@')) continue;
    const numbers = found.get(name) ?? {};
    numbers[property] = Number(value) || 0;
    found.set(name, numbers);
  }
  return found;
}

function limitsOf([name, numbers]: [string, Numbers]): Omit<Quota, 'freeOutsideBytes'>[] {
  const { quota = 0, refquota = 0, used = 0, referenced = 0 } = numbers;
  const hint = (property: string) => `raise it there: zfs set ${property}=SIZE ${name}`;
  return [
    ...(quota > 0 ? [{ what: `quota of ${name}`, bytes: quota, usedBytes: used, hint: hint('quota') }] : []),
    ...(refquota > 0
      ? [{ what: `refquota of ${name}`, bytes: refquota, usedBytes: referenced, hint: hint('refquota') }]
      : []),
  ];
}

/** Pure. @param pool by its name, which is that of its root dataset */
export function findTightestQuota(text: string, pool: string): Quota | undefined {
  const found = parseNumbers(text);
  return findTightest([...found].flatMap(limitsOf), found.get(pool)?.['available'] ?? 0);
}

/** `quota` of the volume contract. */
export async function quota(host: Host, volume: Volume): Promise<Quota | undefined> {
  const subject = { host, volume };
  const get = async (...names: string[]) => {
    const argv = ['get', '-Hp', '-o', 'name,property,value', ...names.slice(0, -1), PROPERTIES];
    const { stdout } = await runZfs(subject, [...argv, names.at(-1) ?? ''], { allow: isMissing });
    return stdout.toString();
  };
  const asked = [get('-r', volume.path)];
  for (let at = parentOf(volume.path); at !== undefined; at = parentOf(at)) asked.push(get(at));
  const texts = await Promise.all(asked);
  return findTightestQuota(texts.join('\n'), volume.path.split('/')[0] ?? '');
}
