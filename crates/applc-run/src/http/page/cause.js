// Why an appliance does not come up.

import { el, printable } from "./dom.js";

// The last lines of its log often say it best.
const TAIL = 8;

/** Shows the cause of a failure at the top, or nothing. `address` is that of the appliance. */
export function showCause(place, address, failure, containers, choose) {
  const cause = failure ?? firstFailed(containers);
  const key = JSON.stringify(cause ?? null);
  if (place.dataset.key === key) return;
  place.dataset.key = key;
  place.hidden = cause === undefined;
  place.replaceChildren();
  if (cause === undefined) return;
  place.append(el("h2", {}, "It does not come up"));
  const findings = cause.findings ?? [];
  // The finding says what the message says, with its place.
  if (findings.length === 0) place.append(el("p", { class: "message" }, printable(cause.error)));
  for (const finding of findings) place.append(...shown(finding));
  const id = cause.container;
  if (id && containers.some((one) => one.id === id)) {
    const log = el("div", {});
    place.append(log);
    showLog(log, `${address}/container/${encodeURIComponent(id)}/log?tail=${TAIL}`);
    place.append(el("p", {}, el("button", { type: "button", on: { click: () => choose(id, { open: true }) } }, `Show ${id}`)));
  }
}

async function showLog(place, address) {
  const answer = await fetch(address).catch(() => undefined);
  const text = answer?.ok ? (await answer.text()).trimEnd() : "";
  if (text === "") return;
  place.append(el("p", { class: "muted" }, "The last lines of its log:"),
    el("pre", { class: "code", tabindex: "0", "aria-label": "Last lines of the log" }, printable(text)));
}

function shown({ code, message, file, span, help }) {
  const start = span?.start;
  const lines = [el("p", { class: "message" }, el("span", { class: "code-name" }, code), ` ${printable(message)}`)];
  if (start) lines.push(el("p", { class: "muted" }, `at ${file}, line ${start.line}, column ${start.column}`));
  return lines.concat((help ?? []).map((text) => el("p", {}, printable(text))));
}

/** Without a cause of the server: the first container that fails, as those after it may fail because of it. */
function firstFailed(containers) {
  const failed = containers.find(({ state }) => state === "failed");
  if (!failed) return undefined;
  return { container: failed.id, error: `${failed.id} failed${failed.why ? `: ${failed.why}` : ""}` };
}
