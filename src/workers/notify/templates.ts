/** Templates of messages, in Liquid: they read what a message is made of, and can do nothing else. */
import { Liquid } from 'liquidjs';
import { conditionsSample } from '../../model/notify/sample';
import type { NoticeContent } from '../../model/notify/notice';

/** No file is read, nothing of a prototype is seen, and nobody renders for long or without end. */
const liquid = new Liquid({
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  templates: {},
  parseLimit: 100_000,
  renderLimit: 1000,
  memoryLimit: 10_000_000,
});

/** @throws Error where the template fails */
export function render(template: string, content: NoticeContent): string {
  return liquid.parseAndRenderSync(template, content) as string;
}

/** Why a template can't be taken, undefined where it can: it is tried with messages of every sort. */
export function checkTemplate(template: string, isJson: boolean): string | undefined {
  for (const content of conditionsSample()) {
    let text: string;
    try {
      text = render(template, content);
    } catch (error) {
      return `fails: ${messageOf(error)}`;
    }
    if (!isJson) continue;
    try {
      JSON.parse(text);
    } catch (error) {
      return `makes no JSON, for example of words with quotes or line breaks: write {{ text | json }}, without quotes around (${messageOf(error)})`;
    }
  }
  return undefined;
}

/** The first line: the next ones draw where in the template it is. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
