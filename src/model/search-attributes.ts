import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** The typed search attributes of Tidemark's workflows; the control worker registers them. */
export const SEARCH_ATTRIBUTES = {
  relationship: defineSearchAttributeKey('TidemarkRelationship', SearchAttributeType.KEYWORD),
  operation: defineSearchAttributeKey('TidemarkOperation', SearchAttributeType.KEYWORD),
  phase: defineSearchAttributeKey('TidemarkPhase', SearchAttributeType.KEYWORD),
  hosts: defineSearchAttributeKey('TidemarkHosts', SearchAttributeType.KEYWORD_LIST),
  mover: defineSearchAttributeKey('TidemarkMover', SearchAttributeType.KEYWORD),
  result: defineSearchAttributeKey('TidemarkResult', SearchAttributeType.KEYWORD),
  bytes: defineSearchAttributeKey('TidemarkBytes', SearchAttributeType.INT),
  capturedAt: defineSearchAttributeKey('TidemarkCapturedAt', SearchAttributeType.DATETIME),
} as const;
