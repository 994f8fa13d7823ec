/** Puts the focus on the first thing in a form that is wrong, once it is marked as such. */
export function focusFirstWrong(form: HTMLFormElement): void {
  requestAnimationFrame(() => {
    const wrong = form.querySelector<HTMLElement>('[aria-invalid="true"]');
    const within = wrong?.querySelector<HTMLElement>("input:not(:disabled)");
    (within ?? wrong)?.focus();
  });
}
