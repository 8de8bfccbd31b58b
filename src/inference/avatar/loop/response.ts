/** One graph's share of a loop: how many conversations may ask for a frame of it, and what a run costs. */
export interface GraphLoad {
  conversations: number;
  /** Frames that one run can draw. */
  maxBatch: number;
  /** Of a run of `batch` frames; must not fall as batches grow. */
  costMs(batch: number): number;
}

/**
 * The longest that a frame can take from the moment it may be drawn until it is drawn, whatever the order in which the frames of all conversations are asked
 * for. It holds for a loop that is never idle while a frame may be drawn, takes the frame that is due first together with as many more of its graph as
 * fit, and never interrupts a run, where all frames may be drawn equally long before they are due, and those of one conversation are due no closer together than that.
 *
 * Why: let a frame become drawable at t. Ahead of it are the run that is under way and the frames that became drawable before t, which are at most one of each
 * conversation, those that are under way included: a conversation with two would have missed the earlier one. So a graph of n conversations is run
 * ⌈n / maxBatch⌉ times, except the one that is under way at t: its run of m frames is followed by ⌈(n − m) / maxBatch⌉ more. Later frames may fill a run up, never
 * bring one forward, so each of those costs at most as much as min(n, maxBatch) frames do. (Compare K. Jeffay, D. F. Stanat, C. U. Martel, "On non-preemptive scheduling of periodic and
 * sporadic tasks", RTSS 1991: without batches this is their bound for equal periods.)
 */
export function worstResponseMs(loads: Iterable<GraphLoad>): number {
  let sumMs = 0;
  let underWayMs = 0;
  for (const load of loads) {
    const { conversations, maxBatch } = load;
    if (conversations === 0) continue;
    const full = Math.min(conversations, maxBatch);
    const fullMs = load.costMs(full);
    const plainMs = Math.ceil(conversations / maxBatch) * fullMs;
    sumMs += plainMs;
    for (let first = 1; first < full; first++) {
      const ms = load.costMs(first) + Math.ceil((conversations - first) / maxBatch) * fullMs;
      underWayMs = Math.max(underWayMs, ms - plainMs);
    }
  }
  return sumMs + underWayMs;
}
