/** How a session decides whose turn it is; what each changes is in `agents/turn-modes.ts`. */
export const TURN_TAKING = ['eager', 'balanced', 'patient', 'off', 'push-to-talk'] as const;
export type TurnTaking = (typeof TURN_TAKING)[number];
