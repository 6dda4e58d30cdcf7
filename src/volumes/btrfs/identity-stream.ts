/**
 * A stream for `btrfs receive` that brings nothing and gives an identity: a snapshot of a subvolume that is there
 * already, received from the state that it equals. Only by receiving does a subvolume get such an identity. Pure.
 */

const MAGIC = 'btrfs-stream\0';
const VERSION = 1;

const SNAPSHOT = 2;
const END = 21;

const UUID = 1;
const TRANSACTION = 2;
const PATH = 15;
const CLONE_UUID = 20;
const CLONE_TRANSACTION = 21;

/** CRC-32C, begun with 0 and not inverted, as btrfs has it. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1;
  }
  return sum >>> 0;
}

function makeAttribute(type: number, value: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(type, 0);
  head.writeUInt16LE(value.length, 2);
  return Buffer.concat([head, value]);
}

function makeCommand(command: number, ...attributes: Buffer[]): Buffer {
  const data = Buffer.concat(attributes);
  const head = Buffer.alloc(10);
  head.writeUInt32LE(data.length, 0);
  head.writeUInt16LE(command, 4);
  // Over all of it, its own place being 0.
  head.writeUInt32LE(checksum(Buffer.concat([head, data])), 6);
  return Buffer.concat([head, data]);
}

const toBytes = (uuid: string) => Buffer.from(uuid.replaceAll('-', ''), 'hex');

/**
 * @param name of the snapshot in the folder that receives
 * @param identity what it is to be known by
 * @param of the UUID of the subvolume
 */
export function makeIdentityStream({
  name,
  identity,
  of,
}: {
  name: string;
  identity: string;
  of: string;
}): Buffer {
  // btrfs finds the base of a later stream by the identity alone: any transaction will do.
  const transaction = Buffer.alloc(8);
  transaction.writeBigUInt64LE(1n);
  const version = Buffer.alloc(4);
  version.writeUInt32LE(VERSION);
  const snapshot = makeCommand(
    SNAPSHOT,
    makeAttribute(PATH, Buffer.from(name)),
    makeAttribute(UUID, toBytes(identity)),
    makeAttribute(TRANSACTION, transaction),
    makeAttribute(CLONE_UUID, toBytes(of)),
    makeAttribute(CLONE_TRANSACTION, transaction),
  );
  return Buffer.concat([Buffer.from(MAGIC), version, snapshot, makeCommand(END)]);
}
