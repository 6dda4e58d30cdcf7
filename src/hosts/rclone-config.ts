/** rclone's configuration as variables of its environment: what one file says reaches it without a file. Pure. */

/** Whether a text is a configuration of rclone, by its first section. */
export const isRcloneConfig = (text: string): boolean => /^\s*(?:[#;][^\n]*\n\s*)*\[[^\]\n]+\]/.test(text);

/** The variable of an option of a remote. Dashes and dots stay as they are. Source: https://rclone.org/docs/#config-file, and tried. */
export const variableOf = (remote: string, option: string): string =>
  `RCLONE_CONFIG_${remote.toUpperCase()}_${option.toUpperCase()}`;

/** @returns `RCLONE_CONFIG_NAME_OPTION`, for each option of each section */
export function toVariables(text: string): Record<string, string> {
  const variables: Record<string, string> = {};
  let section = '';
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    const head = /^\[([^\]]+)\]$/.exec(line);
    if (head?.[1] !== undefined) section = head[1].trim();
    const pair = /^([^#;=][^=]*?)\s*=\s*(.*)$/.exec(line);
    if (pair && section !== '') variables[variableOf(section, pair[1] ?? '')] = pair[2] ?? '';
  }
  return variables;
}

/** The names of its remotes. */
export const remotesOf = (text: string): string[] =>
  text.split('\n').flatMap((line) => /^\s*\[([^\]]+)\]\s*$/.exec(line)?.[1]?.trim() ?? []);
