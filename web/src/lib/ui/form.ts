import { getContext, setContext, tick } from 'svelte';

/** A field that can hold text which is no value (a date, a time, somebody's name), for as long as it is on the page. */
export interface FormField {
  /** Takes what is typed now, and waits for an answer that is still on its way. */
  settle: () => void | Promise<void>;
  /** What stands in it is no value. */
  wrong: () => boolean;
  element: () => HTMLElement | null | undefined;
}

/**
 * The fields of one form. Nothing is saved while one of them holds text that is no value: what was typed is never dropped
 * in silence, and the value before is never sent in its place.
 */
export class FormFields {
  #fields = new Set<FormField>();

  /** Returns how to leave. */
  join(field: FormField): () => void {
    this.#fields.add(field);
    return () => this.#fields.delete(field);
  }

  /** Whether all of them (or those `within`) hold values; if not, the first that does not has the focus. */
  async ready(within?: Element | null): Promise<boolean> {
    const fields = [...this.#fields].filter((each) => !within || within.contains(each.element() ?? null));
    await Promise.all(fields.map((each) => each.settle()));
    await tick();
    const wrong = fields.filter((each) => each.wrong()).flatMap((each) => each.element() ?? []);
    wrong.sort((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_PRECEDING ? 1 : -1));
    wrong[0]?.scrollIntoView({ block: 'center' });
    wrong[0]?.focus({ preventScroll: true });
    return wrong.length === 0;
  }
}

const context = Symbol('form');

/** Call while the component that saves is made. */
export const provideForm = (): FormFields => setContext(context, new FormFields());
/** The form around a field; undefined where a choice takes effect at once. */
export const useForm = (): FormFields | undefined => getContext<FormFields | undefined>(context);
