import { m } from '#lib/paraglide/messages.js';

/** How long a code may wait for its machine: a slip that goes by post needs longer than one that is told by telephone. */
export const lifetimes = () =>
  ['1', '7', '14', '30'].map((value) => ({ value, label: m.devices_days_of({ days: value }) }));
