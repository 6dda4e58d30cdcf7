import { isRcloneConfig, remotesOf, toVariables } from './rclone-config';

const CONFIG = `# made by rclone config
[company-s3]
type = s3
secret_access_key = a=b#c;d
; not this
[locked]
type = crypt
remote = company-s3:bucket/x
`;

test('each option of each section is a variable, with its value as it stands', () => {
  expect(toVariables(CONFIG)).toEqual({
    'RCLONE_CONFIG_COMPANY-S3_TYPE': 's3',
    'RCLONE_CONFIG_COMPANY-S3_SECRET_ACCESS_KEY': 'a=b#c;d',
    RCLONE_CONFIG_LOCKED_TYPE: 'crypt',
    RCLONE_CONFIG_LOCKED_REMOTE: 'company-s3:bucket/x',
  });
});

test('its remotes are known by their names', () => {
  expect(remotesOf(CONFIG)).toEqual(['company-s3', 'locked']);
});

test('a configuration of rclone is told from lines of variables', () => {
  expect(isRcloneConfig(CONFIG)).toBe(true);
  expect(isRcloneConfig('RESTIC_PASSWORD=[x]\n')).toBe(false);
  expect(isRcloneConfig('# [x]\nA=b\n')).toBe(false);
});
