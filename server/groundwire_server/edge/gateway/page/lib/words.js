// What the contract's words mean, in words that a reader needs no manual for. A test keeps the tables complete.

/** @typedef {Record<string, string>} Words */

/** @type {Words} */
export const RESULTS = {
  answered: "Answered",
  abstained: "No answer in the documents",
  cached: "Answered before",
  degraded: "Less than a full answer",
  queued: "Accepted for later",
  inReview: "A person looks at the answer first",
  blocked: "Policy forbids an answer",
  failedSafe: "No answer this time",
};

/** @type {Words} */
export const CAUSES = {
  ANSWER_VALIDATED: "the first attempt passed every check",
  NO_EVIDENCE: "the search found no passages that you may see",
  INSUFFICIENT_EVIDENCE: "the passages found are not relevant enough",
  MODEL_ABSTAINED: "the model found no answer in the passages",
  QUESTION_UNCLEAR: "the question refers to earlier turns in a way that could not be resolved",
  QUESTION_FORBIDDEN: "policy forbids the question",
  EVIDENCE_FORBIDDEN: "policy forbids using the passages found",
  ANSWER_FORBIDDEN: "policy forbids the model's answer",
  REVIEW_REQUIRED: "policy requires a person to review the answer",
  STORE_UNAVAILABLE: "the store could not be reached",
  STORE_TIMEOUT: "the store did not respond in time",
  STORE_MISCONFIGURED: "the store rejected the call",
  EMBEDDER_UNAVAILABLE: "the question could not be embedded",
  MODEL_UNAVAILABLE: "the model could not be reached, or failed",
  MODEL_NOT_READY: "the model is loading, or its server is starting",
  MODEL_TIMEOUT: "the model did not finish in time",
  MODEL_SLOW_START: "the model's first text did not come in time",
  MODEL_INTERRUPTED: "the model's stream broke off",
  MODEL_RATE_LIMITED: "the provider's rate limit was reached",
  MODEL_QUOTA_EXHAUSTED: "the quota at the provider is used up",
  MODEL_MISCONFIGURED: "the provider rejected the call",
  MODEL_REFUSED: "the model declined to answer",
  MODEL_CONTENT_FILTERED: "the provider's content filter stopped the answer",
  PROMPT_TOO_LONG: "the prompt does not fit the model",
  OUTPUT_CUT_OFF: "the model reached its output limit",
  OUTPUT_MALFORMED: "the model's output has the wrong format",
  OUTPUT_EMPTY: "the model wrote nothing",
  OUTPUT_TOO_LONG: "the answer exceeds the display limit",
  CITATION_MISSING: "a sentence has no citation",
  CITATION_UNKNOWN: "a citation names a passage that is not in the prompt",
  QUOTE_NOT_FOUND: "the cited passage has no words to quote in support",
  UNSUPPORTED: "the cited passages do not support a sentence",
  CONTRADICTED: "the cited passages contradict a sentence",
  NOT_VERIFIED: "the route requires every sentence to be verified",
  PROMPT_LEAKED: "the model repeated its prompt",
  GUARD_UNAVAILABLE: "a guard could not be asked, and nothing passes without it",
  CONFIDENCE_NOT_ALLOWED: "the model was not confident enough",
  REVIEW_REJECTED: "a reviewer let no answer leave",
  REVIEW_EXPIRED: "no reviewer decided in time",
  TIME_EXHAUSTED: "too little time was left for the next stage",
  BUDGET_EXHAUSTED: "the budget for tokens or money is used up",
  CAPACITY_EXHAUSTED: "no concurrency slot became free in time",
  INTERNAL: "an error inside the service",
};

/** @type {Words} */
export const ACTIONS = {
  ANSWER: "returned the answer of the first attempt",
  NEXT_MODEL: "asked the next model",
  SHORTER_PROMPT: "asked again with fewer passages",
  REPAIR: "asked the model to repair its answer",
  CACHED_ANSWER: "returned an earlier, validated answer",
  PASSAGES_ONLY: "returned the passages without an answer",
  CUT_SHORT: "returned the checked beginning of an answer",
  ABSTAIN: "declined to answer",
  QUEUE: "queued the question",
  REVIEW: "sent the answer to a reviewer",
  BLOCK: "withheld the answer",
  FAIL_SAFE: "gave up, and returned no answer",
};

/** @type {Words} */
export const NEXT_STEPS = {
  SHOW: "You can use the answer.",
  SHOW_WITH_CAUTION: "Read it with caution, and see what it lacks.",
  REPHRASE: "Put the question differently.",
  WAIT_FOR_OPERATION: "The answer comes later. This page waits for it.",
  WAIT_FOR_REVIEW: "The answer comes when a reviewer has decided. This page waits for it.",
  RETRY_AFTER: "Ask again in a while.",
  DO_NOT_RETRY: "Asking again would end the same way.",
};

/** @type {Words} */
export const LOSSES = {
  SIMPLER_MODEL: "a simpler model wrote the answer",
  FEWER_PASSAGES: "the model saw fewer passages",
  ANSWER: "there are passages, but no answer",
  REST_OF_ANSWER: "the answer is cut short",
  SENTENCES_BELOW_MINIMUM: "the passages do not support some sentences well enough; each is marked",
  SENTENCES_DROPPED: "sentences that the passages do not support well enough were left out",
  TEXT_MASKED: "placeholders stand in for what may not leave",
};

/** @type {Record<string, {shape: string, name: string, meaning: string}>} */
export const VERDICTS = {
  VERBATIM: { shape: "❝", name: "Quoted", meaning: "These are the passage's own words." },
  ENTAILED: { shape: "✓", name: "Supported", meaning: "A checker says that the passages entail it." },
  CONSISTENT: { shape: "≈", name: "Consistent", meaning: "No rule objects, but nobody has proven it." },
  UNSUPPORTED: { shape: "?", name: "Not supported", meaning: "The passages do not say it." },
  CONTRADICTED: { shape: "✕", name: "Contradicted", meaning: "The passages say otherwise." },
  NOT_A_CLAIM: { shape: "–", name: "No claim", meaning: "It claims nothing." },
};

/** @type {Words} */
export const CONFLICTS = {
  NUMBER: "The number",
  DATE: "The date or time",
  UNIT: "The unit or currency",
  NAME: "The name",
  NEGATION: "A negation",
  QUANTIFIER: "How many or how much",
  COMPARISON: "The direction of a comparison",
  ROLE: "Who does what",
  CONDITION: "A condition or an exception",
  UNCOVERED: "The words",
  MODALITY: "How certain it is",
  ATTRIBUTION: "Who said it",
  OPERATOR: "An operator or a sign of code",
  MARKUP: "Markup or an address",
  LANGUAGE: "The language",
  UNTRUSTED: "A passage that a guard has flagged",
  COMMAND: "A command to the reader",
};

/** @type {Words} */
export const CONFIDENCES = { LOW: "low", MEDIUM: "medium", HIGH: "high" };

/** @type {Words} */
export const ASSURANCES = {
  PROVISIONAL: "not checked yet",
  CHECKED: "checked",
  VERIFIED: "verified",
};

/** @type {Words} */
export const FAULTS = {
  INCORRECT: "It says something that is not so",
  UNSUPPORTED: "Its passages do not say it",
  INCOMPLETE: "Something is missing",
  IRRELEVANT: "It does not answer the question",
  OUTDATED: "It was so once",
  UNSAFE: "Following it could do harm",
  UNCLEAR: "It is hard to understand",
  NO_ANSWER: "There should have been an answer",
  OTHER: "Something else",
};

/** @type {Words} */
export const KINDS = { APPROVAL: "Approval", SAMPLE: "Sample", BLOCK: "Block" };

/** @type {Words} */
export const STATES = {
  PENDING: "Waiting",
  CLAIMED: "Claimed",
  APPROVED: "Approved",
  EDITED: "Edited",
  REJECTED: "Rejected",
  EXPIRED: "Expired",
  WITHDRAWN: "Withdrawn",
};

/** @type {Words} */
export const TRIGGERS = {
  FALLBACK: "The answer failed, and the route has a person look at such answers",
  ALWAYS: "The route has every answer approved",
  SHARE: "The route has a share of its answers approved, and this is one of them",
  CONFIDENCE: "The route wants more confidence than the answer has",
  VERDICT: "The route has answers approved that are not fully verified",
  GUARD: "A guard found something",
  SAMPLE: "A share of the answers is looked at afterwards, and this is one of them",
  APPEAL: "A caller says that it was blocked by mistake",
};

/** @type {Words} */
export const STAGES = {
  NORMALIZE: "normalize",
  SCREEN_QUESTION: "screen question",
  CACHE: "cache",
  REWRITE: "rewrite",
  RETRIEVE: "retrieve",
  SCREEN_EVIDENCE: "screen evidence",
  SELECT: "select",
  PROMPT: "prompt",
  GENERATE: "generate",
  CHECK: "check",
  SCREEN_ANSWER: "screen answer",
  VALIDATE: "validate",
  DECIDE: "decide",
};

/** @type {Words} */
export const PURPOSES = {
  ANSWER: "answer",
  REWRITE: "rewrite",
  CHECK: "check",
  GUARD: "guard",
  REPAIR: "repair",
  EMBED: "embed",
  SHADOW: "shadow",
  RERANK: "rerank",
};

/** @type {Words} */
export const OPERATION_STATES = {
  QUEUED: "It waits for its turn.",
  RUNNING: "It is being written.",
  IN_REVIEW: "A reviewer looks at it.",
  DONE: "It is done.",
  HALTED: "Its attempts are used up. An operator can give it more.",
};

/**
 * Return a value of an enum without its prefix; empty where it is unset.
 *
 * @param {string | number | undefined} value such as `CAUSE_UNSUPPORTED`
 * @param {string} prefix such as `CAUSE_`
 */
export function word(value, prefix) {
  const name = String(value ?? "");
  const bare = name.startsWith(prefix) ? name.slice(prefix.length) : name;
  return bare === "UNSPECIFIED" ? "" : bare;
}

/**
 * Return what a value means; the value itself where this page does not know it.
 *
 * @param {Words} words
 * @param {string | number | undefined} value
 * @param {string} prefix
 */
export function meaning(words, value, prefix) {
  const bare = word(value, prefix);
  return Object.hasOwn(words, bare) ? words[bare] : bare.toLowerCase().replaceAll("_", " ");
}
