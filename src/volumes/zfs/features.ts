/** What the ZFS of a host can do: asked of its own `zfs`, never assumed from a version. */
import type { Host } from '../../hosts/contract';
import { tailOf } from '../../hosts/run-checked';
import { TidemarkError } from '../../model/errors';

/** Abilities beyond those that every ZFS has. */
export interface Features {
  /** `zfs bookmark`: a base that takes no space. */
  bookmarks: boolean;
  /** `zfs receive -s` and `zfs send -t`. */
  resume: boolean;
  /** `zfs receive -u`. A ZFS without it (zfs-fuse) also goes on showing what was there before, where it is mounted. */
  receiveUnmounted: boolean;
  /** `zfs send -w`, and datasets that are encrypted. */
  raw: boolean;
  /** `zfs send -nP`: how long a stream will be. */
  estimates: boolean;
  /** The property `written`, and `written@<snapshot>`. */
  written: boolean;
  /** The property `encryption`. */
  encryption: boolean;
}

/** Letters of the one-letter flags of a subcommand, as the usage lists them: `receive [-vMnsFhu]`. */
function flagsOf(usage: string, subcommand: string): string {
  const lines = usage.split('\n').filter((line) => line.trim().startsWith(`${subcommand} `));
  return lines.flatMap((line) => [...line.matchAll(/\[-([A-Za-z]+)\]/g)].map((match) => match[1])).join('');
}

/**
 * Reads the usage of `zfs`, and what `zfs get` says of the properties that it knows. Pure.
 * @param properties the usage of `zfs get`
 */
export function parseFeatures(usage: string, properties: string): Features {
  const send = flagsOf(usage, 'send');
  const receive = flagsOf(usage, 'receive');
  const knows = (property: string) => new RegExp(`^\\s*${property}\\s`, 'm').test(properties);
  return {
    bookmarks: /^\s*bookmark\s/m.test(usage),
    resume: receive.includes('s') && /^\s*send .*-t\s/m.test(usage),
    receiveUnmounted: receive.includes('u'),
    raw: send.includes('w'),
    estimates: send.includes('n') && send.includes('P'),
    written: knows('written'),
    encryption: knows('encryption'),
  };
}

const known = new WeakMap<object, Promise<Features>>();

/** Asked once per host. @throws TidemarkError `ToolMissing` where there is no `zfs`. */
export async function findFeatures(host: Host): Promise<Features> {
  // A host that is marked for a step shares the files of the real one.
  const asked = known.get(host.files) ?? ask(host);
  known.set(host.files, asked);
  try {
    return await asked;
  } catch (error) {
    known.delete(host.files);
    throw error;
  }
}

async function ask(host: Host): Promise<Features> {
  // Both end with an exit code of their own after what they are asked for.
  const [usage, properties] = await Promise.all([host.run(['zfs', '-?']), host.run(['zfs', 'get'])]);
  const text = ({ stdout, stderr }: { stdout: Buffer; stderr: string }) => `${stdout.toString()}\n${stderr}`;
  // Without a kernel module, or a daemon, it says that instead: no answer to be kept.
  if (!/^\s*receive /m.test(text(usage))) {
    throw new TidemarkError('ToolMissing', 'ZFS does not run there', {
      host: host.name,
      toolMessage: tailOf(usage.stderr),
      hint: 'load it: modprobe zfs, or start zfs-fuse',
    });
  }
  return parseFeatures(text(usage), text(properties));
}
