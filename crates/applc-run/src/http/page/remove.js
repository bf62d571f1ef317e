// Deleting an appliance, after a question.

import { byId, count, el, printable, setText } from "./dom.js";
import { reason } from "./log.js";

/**
 * Asks, deletes, and calls `done` when nothing of the appliance runs anymore. `appliance` returns how the server
 * has shown it last.
 */
export function remover(id, appliance, done) {
  const dialog = byId("delete-dialog");
  const address = `/appliance/${encodeURIComponent(id)}`;
  const [purge, what, volumes, result, confirm, cancel] =
    ["purge", "delete-what", "delete-volumes", "delete-result", "delete-confirm", "delete-cancel"].map(byId);
  let isRunning = false;
  let names = [];

  function ask() {
    const { containers = [], data_persistence } = appliance() ?? {};
    // Others use those with the scope `global`, which are never deleted.
    const own = (data_persistence?.volumes ?? []).filter(({ scope }) => String(scope).toLowerCase() !== "global");
    names = own.map((one) => printable(String(one.id)));
    purge.checked = false;
    byId("delete-purge").hidden = names.length === 0;
    setText(result, "");
    setText(cancel, "Cancel");
    confirm.hidden = false;
    confirm.disabled = false;
    setText(what, `This stops and removes ${count(containers.length, "container")} of ${id}.`);
    lose();
    dialog.showModal();
    cancel.focus();
  }

  /** Says what becomes of the volumes. */
  function lose() {
    const what = `${count(names.length, "volume")} ${names.length === 1 ? "is" : "are"}`;
    const fate = purge.checked ? "deleted with all data" : "kept";
    volumes.replaceChildren(...(names.length ? [`${what} ${fate}: `, el("strong", {}, names.join(", "))] : []));
  }

  async function remove() {
    isRunning = true;
    confirm.disabled = true;
    setText(result, "Deleting\u2026");
    try {
      const answer = await fetch(`${address}?purge=${purge.checked}`, { method: "DELETE" });
      if (answer.status === 200) {
        const { message } = await answer.json();
        setText(result, printable(message ?? "Deleted."));
        confirm.hidden = true;
        setText(cancel, "Close");
        cancel.focus();
        done();
      } else {
        setText(result, await reason(answer));
        confirm.disabled = false;
      }
    } catch (error) {
      setText(result, `The server does not answer: ${error.message}`);
      confirm.disabled = false;
    }
    isRunning = false;
  }

  byId("delete").addEventListener("click", ask);
  purge.addEventListener("change", lose);
  cancel.addEventListener("click", () => dialog.close());
  confirm.addEventListener("click", remove);
  // While it runs, Escape would hide the result.
  dialog.addEventListener("cancel", (event) => isRunning && event.preventDefault());
}
