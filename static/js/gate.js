// The pages before and around sign-in. <security-key data-question="/…/" data-what="get|create"><input type="hidden"
// name="credential"><button type="submit">…</button><p role="alert" hidden></security-key> inside a form: its button asks
// the browser for a key, puts the answer into the field, and the form goes on its way.

class SecurityKey extends HTMLElement {
  connectedCallback() {
    this.closest("form").addEventListener("submit", this);
  }

  async handleEvent(event) {
    if (this.field.value) return;
    event.preventDefault();
    this.button.disabled = true;
    this.alert.hidden = true;
    try {
      this.field.value = JSON.stringify(await this.asked());
      event.target.submit();
    } catch {
      this.alert.hidden = false;
      this.button.disabled = false;
      this.button.focus();
    }
  }

  async asked() {
    const token = this.closest("form").elements.csrfmiddlewaretoken.value;
    const answer = await fetch(this.dataset.question, { method: "POST", headers: { "X-CSRFToken": token } });
    if (answer.redirected) location.reload(); // too late: the page says where to go on
    const { publicKey } = await answer.json();
    const credential = this.dataset.what === "create"
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
    return credential.toJSON();
  }

  get field() {
    return this.querySelector("[name=credential]");
  }

  get button() {
    return this.querySelector("button");
  }

  get alert() {
    return this.querySelector("[role=alert]");
  }
}

customElements.define("security-key", SecurityKey);
document.querySelector("[data-print]")?.addEventListener("click", () => print());
