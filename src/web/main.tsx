/** The page that the control worker serves. */
import { render } from 'preact';
import { startClock } from './data/clock';
import { startNavigation } from './data/navigate';
import { App } from './views/app';
import './styles/base.css';
import './styles/fleet.css';
import './styles/relationship.css';

startClock();
startNavigation();
const root = document.getElementById('page');
if (root) render(<App />, root);
