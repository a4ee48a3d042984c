/** Whether the server can be reached: the browser's word for it, corrected by what requests meet. */
class Connection {
  #up = $state(true);
  #probe: ReturnType<typeof setTimeout> | undefined;

  get up(): boolean {
    return this.#up;
  }

  /** Follows the browser's own events. Returns a function that stops it. */
  watch(): () => void {
    const down = () => this.failed();
    const up = () => void this.#ask(1000);
    window.addEventListener('offline', down);
    window.addEventListener('online', up);
    if (!navigator.onLine) down();
    return () => {
      window.removeEventListener('offline', down);
      window.removeEventListener('online', up);
      clearTimeout(this.#probe);
    };
  }

  worked(): void {
    this.#up = true;
    clearTimeout(this.#probe);
  }

  failed(): void {
    if (!this.#up) return;
    this.#up = false;
    this.#again(2000);
  }

  #again(delay: number): void {
    clearTimeout(this.#probe);
    this.#probe = setTimeout(() => void this.#ask(delay), delay);
  }

  /** Asks whether the server is back; waits longer after each failure, at most 15 s. */
  async #ask(delay: number): Promise<void> {
    try {
      const response = await fetch('/api/health', { cache: 'no-store' });
      if (response.status < 500) return this.worked();
    } catch {
      // Still no line; the next question follows.
    }
    this.#again(Math.min(delay * 1.5, 15_000));
  }
}

export const connection = new Connection();
