// Carries clicks on the buttons of this component to Python: the name of an action and a value, both written by the
// server into data attributes. The server checks them against what it has shown.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-action]");
  if (!button) return;
  trigger(button.dataset.event, { action: button.dataset.action, value: button.dataset.value ?? "" });
  const byKeyboard = event.detail === 0;
  if (byKeyboard && button.dataset.event === "submit") document.querySelector("#cr-box textarea")?.focus();
});
