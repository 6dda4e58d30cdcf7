/** Run by the build. */
import { writeBlank } from './blank';

void writeBlank();
