/**
 * rsync as what compares trees, for kinds whose own mover sends streams: where there is no state to start from, and for
 * `verify`. Kinds import this and nothing else of the rsync mover; lint holds it.
 */
export { receiveComparison, receiveDelta, transferDelta } from './delta';
export { measure } from './measure';
export { makeVerifyOffer } from './offer';
export { receive } from './receive';
export { readDelta } from './told';
export { verify } from './verify';
