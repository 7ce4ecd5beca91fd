/** Characters of the reason that somebody gives for a pause, a skip, a cancellation. */
export const MAX_REASON = 500;
