/** A file of receivers, judged for whoever has written it. */
import { formatProblem } from '../../model/parse-spec';
import { parseNotify } from '../../model/notify/parse-config';
import { checkTemplate } from './templates';

export function checkNotifyFile(text: string, file: string) {
  const { config, problems, warnings } = parseNotify(text, file, checkTemplate);
  return {
    problems: problems.map(formatProblem),
    warnings: warnings.map(formatProblem),
    receivers: config?.receivers.length ?? 0,
    routes: config?.routes.length ?? 0,
  };
}
