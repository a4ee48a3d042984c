import { beforeEach, expect, it, vi } from 'vitest';
import { belongTo, clearBelongings, ownCount, ownKey } from './belongings.ts';

/** A storage whose keys are its own properties, as the browser's are. */
function storage(): Storage {
  const made = Object.create({
    setItem(key: string, value: string) {
      made[key] = value;
    },
    getItem: (key: string) => made[key] ?? null,
    removeItem(key: string) {
      delete made[key];
    },
  });
  return made as Storage;
}

beforeEach(() => {
  vi.stubGlobal('localStorage', storage());
  vi.stubGlobal('sessionStorage', storage());
  clearBelongings();
});

it('leaves nothing of one person to the next, in either storage', () => {
  belongTo('person-1');
  localStorage.setItem(ownKey('meeting-draft.new'), 'typed');
  sessionStorage.setItem(ownKey('checks.1.2'), 'names');
  localStorage.setItem('nhipcau.preferences', 'large');
  belongTo('person-1');
  expect(localStorage.getItem(ownKey('meeting-draft.new'))).toBe('typed');
  belongTo('person-12');
  expect(Object.keys(localStorage)).toEqual(['nhipcau.preferences']);
  expect(Object.keys(sessionStorage)).toEqual([]);
});

it('is empty after signing out, but for what is the device’s', () => {
  belongTo('person-1');
  localStorage.setItem(ownKey('checks.1.2'), 'waiting');
  localStorage.setItem('tus::nhipcau-1---3-Tờ trình.docx::7', 'x');
  localStorage.setItem('nhipcau.hall', '{}');
  localStorage.setItem('nhipcau.devices', '{}');
  expect(ownCount('checks.')).toBe(1);
  clearBelongings();
  expect(Object.keys(localStorage)).toEqual(['nhipcau.devices']);
  expect(ownCount('checks.')).toBe(0);
});
