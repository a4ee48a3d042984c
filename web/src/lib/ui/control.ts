/** How every control one types into or picks from looks. */
export const control =
  'block w-full min-h-(--control) rounded-m border border-edge bg-surface px-3 py-2 text-ink ' +
  'placeholder:text-ink-2 hover:border-accent aria-invalid:border-on-air-text aria-invalid:border-2 ' +
  'disabled:bg-sunken disabled:text-ink-2';

/** The attributes that tie a control to the hint or error of its Field. */
export function described(id: string, hint?: string, error?: string) {
  return {
    'aria-invalid': error ? ('true' as const) : undefined,
    'aria-describedby': error ? `${id}-error` : hint ? `${id}-hint` : undefined,
  };
}
