// Passkeys: a form with `data-passkey` asks the device for what stands in `data-options`, or is
// fetched from where the form leads, and sends what the device says.

const KEPT = { residentKey: "required", requireResidentKey: true }; // on the device, to sign in

const encoded = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// Challenges and ids come as base64url, but for the site's, which is its name.
function decoded(name, value) {
  const is_id = name === "id" && ("type" in this || "displayName" in this);
  if (!is_id && name !== "challenge") return value;
  const text = atob(value.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

async function asked(form) {
  const fetched = () => fetch(form.action, { headers: { Accept: "application/json" } });
  const given = JSON.parse(form.dataset.options ?? await (await fetched()).text(), decoded);
  const { publicKey } = given.request_options ?? given;
  Object.assign(publicKey.authenticatorSelection ?? {}, KEPT);
  return { publicKey };
}

function said({ id, type, response: from }) {
  const response = {};
  for (const name in from) {
    if (from[name] instanceof ArrayBuffer) response[name] = encoded(from[name]);
  }
  return JSON.stringify({ id, rawId: id, type, response });
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const error = form.querySelector("[role=alert]");
  form.hidden = false;
  if (!window.PublicKeyCredential) form.remove();
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    error.hidden = true;
    try {
      const credential = await navigator.credentials[form.dataset.passkey](await asked(form));
      form.elements.credential.value = said(credential);
      form.submit();
    } catch {
      error.hidden = false;
    }
  });
}
