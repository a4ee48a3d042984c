export interface Toast {
  id: number;
  text: string;
  kind: 'success' | 'info' | 'error';
  /** A way back or onward, such as undo. */
  action?: { label: string; run: () => void };
}

const most = 3;

/** Short messages at the foot of the page, for what happened elsewhere than under the eye. Errors about a field do not go here. */
class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;

  /** Returns what `dismiss` takes it away by, before its time. */
  show(text: string, kind: Toast['kind'] = 'success', action?: Toast['action']): number {
    const id = this.#next++;
    this.list = [...this.list.slice(1 - most), { id, text, kind, action }];
    // What failed stays long: whoever looks elsewhere or reads slowly must not miss it. A hall's screen is left alone, so it goes.
    setTimeout(() => this.dismiss(id), kind === 'error' ? 60_000 : action ? 10_000 : 5_000);
    return id;
  }

  /** Another page: what could be undone on the one before was left as it is. */
  left(): void {
    this.list = this.list.filter(({ action }) => !action);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }
}

export const toasts = new Toasts();
