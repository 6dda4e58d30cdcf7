/** The plain values that a spec is made of: names, durations, sizes, paths. */
import { z } from 'zod';
import { CLAIM_PATTERN, NAME_PATTERN } from './names';
import { normalizePath } from './paths';
import { DURATION, durationToMs, isDuration, isSize, SIZE, sizeToBytes } from './units';

export const name = z
  .string()
  .regex(
    NAME_PATTERN,
    'must be 1 to 63 lower-case letters, digits, dots or dashes, and begin and end with a letter or digit',
  )
  .meta({ title: 'name' });
export const duration = z
  .string()
  .refine(isDuration, 'must be a duration such as 90s, 15m, 1h30m or 7d')
  .meta({ pattern: DURATION.source, title: 'duration' });
export const positiveDuration = duration.refine(
  (text) => !isDuration(text) || durationToMs(text) > 0,
  'must be longer than 0s',
);
export const size = z
  .string()
  .refine(isSize, 'must be a size such as 512KiB, 20MiB or 1.5GiB')
  .refine((text) => !isSize(text) || sizeToBytes(text) > 0, 'must be more than nothing')
  .meta({ pattern: SIZE.source, title: 'size' });
export const percentage = z
  .string()
  .regex(/^(100|[1-9]?\d)%$/, 'must be a percentage such as 50%')
  .meta({ title: 'percentage' });
export const absolutePath = z
  .string()
  .overwrite(normalizePath)
  .regex(/^\//, 'must be an absolute path')
  .refine((path) => !path.split('/').includes('..'), 'must not contain ..')
  // eslint-disable-next-line no-control-regex -- these are what is refused
  .refine((path) => !/[\u0000-\u001f\u007f]/.test(path), 'must not contain control characters')
  .meta({ title: 'absolute path' });
export const pattern = z.string().regex(/^[^\0\r\n]+$/, 'must be one line of text, and not empty');

/** A dataset of ZFS, with its pool. */
const DATASET = /^[A-Za-z][A-Za-z0-9_.:-]*(\/[A-Za-z0-9_.:-]+)*$/;
export const dataset = z
  .string()
  .regex(DATASET, 'must be a dataset such as tank/wiki')
  .refine((text) => text.length <= 200, 'must be at most 200 characters long')
  .meta({ title: 'dataset' });
/** An engine of containers, and where it keeps its images. */
// eslint-disable-next-line no-control-regex -- these are what is refused
const STORE = /^(podman|docker|containerd)(:\/[^\u0000-\u001f\u007f]*)?$/;
export const imageStore = z
  .string()
  .regex(STORE, 'must be podman, docker or containerd, or one of them with its storage: podman:/srv/images')
  .meta({ title: 'image store' });

export const claim = z
  .string()
  .regex(CLAIM_PATTERN, 'must be the namespace and the name of a PersistentVolumeClaim: shop/mysql')
  .meta({ title: 'PersistentVolumeClaim' });
export const objectName = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/,
    'must be a name of Kubernetes: lower-case letters, digits, dots, dashes',
  )
  .refine((text) => text.length <= 253, 'must be at most 253 characters long')
  .meta({ title: 'name in Kubernetes' });
const REPOSITORY = /^(\/|(s3|rest|sftp|rclone|b2|azure|gs|swift):.)/;
/** Of restic. What stands in a spec is seen by many. */
export const repository = z
  .string()
  .regex(
    REPOSITORY,
    'must be a repository of restic, such as s3:https://s3.example.net/wiki, or an absolute path',
  )
  .regex(/^[^\s\0]+$/, 'must not contain spaces')
  .refine(
    (text) => !/\/\/[^/@]*:[^/@]*@/.test(text),
    'must not contain a password: put it into the credentials',
  )
  .meta({ title: 'repository' });
/** A name of rclone's own, and no backend with options in its place: those may read anything. */
const BUCKET = /^(\/|[A-Za-z0-9_][A-Za-z0-9_.-]*:)/;
/** A folder that rclone reaches. */
export const bucket = z
  .string()
  .regex(
    BUCKET,
    'must be a remote of rclone and a folder in it, such as s3:company-data/wiki, or an absolute path',
  )
  // eslint-disable-next-line no-control-regex -- these are what is refused
  .refine((text) => !/[\u0000-\u001f\u007f]/.test(text), 'must not contain control characters')
  .refine((text) => !text.split(/[/:]/).includes('..'), 'must not contain ..')
  .refine((text) => !/^[^/]*:\/*$/.test(text), 'must name a folder: all of a remote is not given away')
  .refine((text) => text.length === 1 || !/\/$/.test(text), 'must not end with a slash')
  .meta({ title: 'bucket' });
const PEER =
  /^(ssh|rsync\+tls):\/\/[a-z][a-z0-9-]*:\d{1,5}\/?$|^rsync\+tls:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(:\d{1,5})?\/data\/?$|^ssh:\/\/([A-Za-z0-9_][A-Za-z0-9._-]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9._-]*)(:\d{1,5})?(\/~$|\/~\/|\/.)/;
/** After the account. What a shell over there could take for more than a name is not part of it, nor what rsync could. */
const PEER_FOLDER = /^(?:ssh|rsync\+tls):\/\/[^/]+(\/~)?(\/(?!-)[\p{L}\p{N}._@+,:=-]*)*$/u;
/** A folder behind somebody else's sshd; or without an account, one that somebody else pushes to. */
export const peer = z
  .string()
  .regex(PEER, 'must be an account and a folder, such as ssh://backup@nas.example.net:2222/volume1/wiki')
  .regex(
    PEER_FOLDER,
    'must have a folder of letters, digits and ._@+,:=- alone, and no name that begins with -',
  )
  .refine((text) => !text.split('/').includes('..'), 'must not contain ..')
  .meta({ title: 'peer' });
const QUANTITY = /^\d+(\.\d+)?([kMGTPE]|[KMGTPE]i)?$/;
export const quantity = z
  .string()
  .regex(QUANTITY, 'must be a size as Kubernetes writes it, such as 20Gi or 500M')
  .meta({ title: 'size' });

/** What the schemas of kinds and movers are made of: handed in, so that their declarations load no schema library. */
export const values = {
  z,
  name,
  duration,
  positiveDuration,
  size,
  percentage,
  absolutePath,
  pattern,
  dataset,
  imageStore,
  claim,
  objectName,
  quantity,
  repository,
  bucket,
  peer,
};
export type SpecValues = typeof values;
