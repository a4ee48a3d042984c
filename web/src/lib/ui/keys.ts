const FIELDS = 'input, textarea, select, [contenteditable="true"]';
const OVERLAYS = '[role="dialog"], [role="alertdialog"], [role="menu"], [role="listbox"]';

/** Whether a key pressed somewhere on the page is meant for a field, an open menu or a question, not for the page. */
export function keyIsTaken(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  return event.defaultPrevented || !!target?.closest(FIELDS) || document.querySelector(OVERLAYS) !== null;
}
