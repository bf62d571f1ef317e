// The states of containers.

/** Each state with its symbol and meaning, in the order of how much attention it needs. */
export const STATES = {
  failed: { symbol: "\u2715", meaning: "does not come up" },
  killed: { symbol: "\u25a0", meaning: "was stopped or removed from outside" },
  staging: { symbol: "\u25d0", meaning: "is being placed, pulled, or started, or is not healthy yet" },
  pending: { symbol: "\u25cc", meaning: "waits for its dependencies" },
  submitted: { symbol: "\u25cb", meaning: "accepted; nothing is known of it yet" },
  running: { symbol: "\u25cf", meaning: "runs, and is healthy if that is checked" },
  success: { symbol: "\u2713", meaning: "a job that ended well" },
};

/** The symbol of a state. */
export function symbol(state) {
  return STATES[state]?.symbol ?? "?";
}

/** How many containers are in each state, without those in which none is. */
export function tally(containers) {
  const counts = new Map(Object.keys(STATES).map((state) => [state, 0]));
  for (const { state } of containers) counts.set(state, (counts.get(state) ?? 0) + 1);
  return [...counts].filter(([, number]) => number > 0);
}
