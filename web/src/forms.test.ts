import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/*
 * Fields that can hold text which is no value stand in a form that asks them before it saves (`ui/form.ts`), so that a
 * wrong date or a name of nobody is never dropped in silence. Every file that has such a field is listed here: a new one
 * has to say where it belongs.
 */
const fields = ['DateField', 'TimeField', 'Combobox'];

/** Has the form itself. */
const forms = [
  'lib/administration/people/PersonForm.svelte',
  'lib/administration/people/PostsEditor.svelte',
  'lib/administration/people/RolesEditor.svelte',
  'lib/administration/audit/AuditFilters.svelte',
  'lib/administration/units/PointForm.svelte',
  'lib/administration/units/UnitForm.svelte',
  'lib/invitations/AddPeople.svelte',
  'lib/invitations/DelegateEditor.svelte',
  'lib/invitations/nominations/CallForm.svelte',
  'lib/invitations/nominations/OwnListForm.svelte',
  'lib/letters/LetterForm.svelte',
  'lib/papers/manage/PaperFields.svelte',
  'lib/papers/manage/RightsEditor.svelte',
];
/** Asks before it acts, as a dialog or on a button of its own. */
const asking = {
  'lib/conference/console/RecessPlan.svelte': '<ConfirmDialog',
  'lib/administration/units/EndUnit.svelte': '<ConfirmDialog',
  'lib/invitations/SelectionBar.svelte': '<ConfirmDialog',
  'lib/invitations/nominations/PointActions.svelte': '<ConfirmDialog',
  'lib/meetings/PostponeDialog.svelte': '<ConfirmDialog',
  'lib/meetings/planning/SeriesDialog.svelte': '<ConfirmDialog',
  'lib/invitations/Requests.svelte': 'provideForm()',
};
/** Part of a form in another file. */
const parts = {
  'lib/meetings/FactsFields.svelte': 'lib/meetings/MeetingForm.svelte',
  'lib/meetings/DaysFields.svelte': 'lib/meetings/MeetingForm.svelte',
  'lib/meetings/AgendaEditorRow.svelte': 'lib/meetings/MeetingForm.svelte',
};
/** Nothing is saved: the choice itself is what happens, and without one there is nothing to press. */
const choosing = [
  'lib/meetings/calendar/ByDate.svelte',
  'lib/administration/people/Merge.svelte',
  'lib/administration/people/PeopleList.svelte',
  'lib/administration/devices/DeviceList.svelte',
  'lib/meetings/planning/StartFrom.svelte',
  'lib/papers/manage/Library.svelte',
];

const root = import.meta.dirname;
const text = (name: string) => readFileSync(join(root, name), 'utf8');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.svelte') && !name.startsWith('lib/ui/'),
);
const uses = (name: string, component: string) => new RegExp(`<${component}[\\s>]`).test(text(name));

it('knows every file with a date, a time or a name to choose', () => {
  const found = files.filter((name) => fields.some((field) => uses(name, field)));
  expect(found.sort()).toEqual([...forms, ...Object.keys(asking), ...Object.keys(parts), ...choosing].sort());
});

it.each(forms)('%s is a form that asks its fields', (name) => {
  expect(uses(name, 'Form')).toBe(true);
  expect(text(name)).not.toMatch(/<form[\s>]/);
});

it.each(Object.entries(asking))('%s asks its fields before it acts', (name, by) => {
  expect(text(name)).toContain(by);
});

it.each(Object.entries(parts))('%s is part of %s', (name, form) => {
  expect(uses(form, 'Form')).toBe(true);
  const named = (from: string): string[] =>
    [...text(from).matchAll(/'\.\/(\w+\.svelte)'/g)].map(([, file]) => `lib/meetings/${file}`);
  const within = new Set(named(form));
  for (const each of [...within]) for (const deeper of named(each)) within.add(deeper);
  expect([...within]).toContain(name);
});

it.each(fields)('%s takes its place in the form around it', (field) => {
  expect(text(`lib/ui/${field}.svelte`)).toContain('form?.join(');
});
