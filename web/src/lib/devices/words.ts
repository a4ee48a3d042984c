import type { DevicePart } from '#lib/api/types.ts';
import { m } from '#lib/paraglide/messages.js';

export const partName: Record<DevicePart, () => string> = {
  main: m.device_part_main,
  papers: m.device_part_papers,
  spare: m.device_part_spare,
};

/** What each part does, for who chooses. */
export const partText: Record<DevicePart, () => string> = {
  main: m.device_part_main_text,
  papers: m.device_part_papers_text,
  spare: m.device_part_spare_text,
};

export const parts: DevicePart[] = ['main', 'papers', 'spare'];
