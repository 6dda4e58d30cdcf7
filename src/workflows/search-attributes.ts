import { hostsOf } from '../model/endpoints';
import { SEARCH_ATTRIBUTES } from '../model/search-attributes';
import type { Relationship } from '../model/spec';
import type { OperationKind } from '../model/status';

/** Where it works, and by what. */
export function placeAttributes(document: Relationship) {
  return [
    { key: SEARCH_ATTRIBUTES.hosts, value: hostsOf(document) },
    { key: SEARCH_ATTRIBUTES.mover, value: Object.keys(document.spec.mover)[0] ?? '' },
  ];
}

/** By what an operation is found in Temporal, whoever starts it. */
export function attributesOf(document: Relationship, kind: OperationKind | 'drill') {
  return [
    { key: SEARCH_ATTRIBUTES.relationship, value: document.metadata.name },
    { key: SEARCH_ATTRIBUTES.operation, value: kind },
    ...placeAttributes(document),
  ];
}
