/** Milliseconds without a further letter, after which what was typed is looked for. */
const QUIET = 250;

/**
 * Calls `look` once nobody has typed for a moment, as long as the component that makes this is there. What stands in the
 * field at first has been asked for already.
 */
export function whenTyped(text: () => string, look: (text: string) => void): void {
  let typing = false;
  $effect(() => {
    const typed = text();
    if (!typing) {
      typing = true;
      return;
    }
    const timer = setTimeout(() => look(typed), QUIET);
    return () => clearTimeout(timer);
  });
}
