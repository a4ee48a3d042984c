/** How far a key turns the pages: arrows, and what clickers send (PageDown, PageUp). Keys of other controls are theirs. */
export function stepOf(event: KeyboardEvent): 1 | -1 | 'first' | 'last' | undefined {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return undefined;
  const target = event.target as Element | null;
  if (
    target?.closest?.(
      'input, textarea, select, [role="dialog"], [role="alertdialog"], [role="listbox"], [role="menu"]',
    )
  )
    return undefined;
  switch (event.key) {
    case 'ArrowRight':
    case 'ArrowDown':
    case 'PageDown':
      return 1;
    case 'ArrowLeft':
    case 'ArrowUp':
    case 'PageUp':
      return -1;
    case 'Home':
      return 'first';
    case 'End':
      return 'last';
    default:
      return undefined;
  }
}
