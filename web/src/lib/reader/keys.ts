/** What the keyboard does in the reader. */
export interface Keys {
  page(by: 1 | -1): void;
  /** By parts of the window's height. */
  scroll(by: number): void;
  first(): void;
  last(): void;
  find(): void;
  zoom(direction: 1 | -1 | 0): void;
  undo(): void;
  /** False: there was nothing to leave. */
  escape(): boolean;
}

/** Runs what a key stands for; true if it stood for something. Keys typed into a field are the field's. */
export function shortcut(event: KeyboardEvent, keys: Keys): boolean {
  const target = event.target as HTMLElement | null;
  if (event.key === 'Escape') return keys.escape();
  if (event.isComposing || target?.closest('input, textarea, select, [role="menu"], [role="dialog"]'))
    return false;
  const control = event.ctrlKey || event.metaKey;
  if (control || event.altKey) {
    const known: Record<string, () => void> = {
      '+': () => keys.zoom(1),
      '=': () => keys.zoom(1),
      '-': () => keys.zoom(-1),
      '0': () => keys.zoom(0),
      f: () => keys.find(),
      z: () => keys.undo(),
    };
    return control && !event.altKey ? run(known[event.key]) : false;
  }
  const pressed = target?.closest('button, a, [role="radio"], summary') !== null && target !== null;
  if (event.key === ' ' && !pressed) return run(() => keys.scroll(event.shiftKey ? -0.9 : 0.9));
  const known: Record<string, () => void> = {
    ArrowDown: () => keys.scroll(0.12),
    ArrowUp: () => keys.scroll(-0.12),
    ArrowRight: () => keys.page(1),
    ArrowLeft: () => keys.page(-1),
    PageDown: () => keys.page(1),
    PageUp: () => keys.page(-1),
    Home: () => keys.first(),
    End: () => keys.last(),
    '/': () => keys.find(),
    '+': () => keys.zoom(1),
    '=': () => keys.zoom(1),
    '-': () => keys.zoom(-1),
    '0': () => keys.zoom(0),
  };
  return run(known[event.key]);
}

function run(action: (() => void) | undefined): boolean {
  action?.();
  return action !== undefined;
}
