// <field-errors><span data-field="id of a field">what is wrong</span> …</field-errors> in the answer to a form that stays as
// it is: each goes to its field, what an earlier answer put there goes, and the first wrong field gets the focus.

customElements.define("field-errors", class extends HTMLElement {
  connectedCallback() {
    for (const field of this.closest("form").querySelectorAll("[aria-invalid]")) {
      document.getElementById(`${field.id}_error`)?.remove();
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
    const wrong = [...this.children].map((error) => {
      const field = document.getElementById(error.dataset.field);
      error.id = `${field.id}_error`;
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", error.id);
      field.closest(".field").append(error);
      return field;
    });
    wrong[0]?.focus();
  }
});
