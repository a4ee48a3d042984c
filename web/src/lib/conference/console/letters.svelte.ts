const KEY = 'nhipcau.console.letters';

/** Whether single letters act (WCAG 2.1.4: they can be turned off, for who speaks to the machine instead of typing). */
class Letters {
  on = $state(localStorage.getItem(KEY) !== 'off');

  set(on: boolean): void {
    this.on = on;
    localStorage.setItem(KEY, on ? 'on' : 'off');
  }
}

export const letters = new Letters();
