// The page of all appliances: the list, and a box to run another one.

import { byId, count, el, printable, setText } from "./dom.js";
import { Editor } from "./editor.js";
import { reason } from "./log.js";
import { tally } from "./states.js";
import { badge } from "./table.js";

// After the last key.
const PAUSE = 400;

const editor = new Editor(byId("editor"), edited);
let checked;
let checking;
let timer;

byId("refresh").addEventListener("click", list);
byId("check").addEventListener("click", () => check(true));
byId("submit").addEventListener("click", () => submit("POST"));
byId("change-cancel").addEventListener("click", () => byId("change-dialog").close());
byId("file").addEventListener("change", (event) => open(event.target.files[0]));
document.addEventListener("visibilitychange", () => document.hidden || list());
droppable(byId("drop"));
list();

/** Lists the appliances. */
async function list() {
  setText(byId("list-status"), "");
  try {
    const answer = await fetch("/appliance");
    if (!answer.ok) return setText(byId("list-status"), await reason(answer));
    const all = await answer.json();
    byId("none").hidden = all.length > 0;
    byId("appliances").replaceChildren(...all.map(entry));
    setText(byId("list-status"), `As of ${new Date().toLocaleTimeString()}`);
  } catch (error) {
    setText(byId("list-status"), `The server does not answer: ${error.message}`);
  }
  document.body.dataset.ready = "true";
}

function entry(appliance) {
  const containers = appliance.containers ?? [];
  const states = tally(containers).map(([state, number]) => badge(state, ` ${number}`));
  return el("li", {},
    el("a", { href: `/appliance/${encodeURIComponent(appliance.id)}/ui` }, appliance.id),
    el("span", { class: "badges" }, ...states),
    el("span", { class: "muted" }, count(containers.length, "container")));
}

function edited() {
  checked = undefined;
  byId("submit").disabled = true;
  byId("drop").classList.add("stale");
  clearTimeout(timer);
  timer = setTimeout(check, PAUSE);
}

/** Asks the server for the findings in the text, and shows them at their places. */
async function check(isAsked = false) {
  clearTimeout(timer);
  checking?.abort();
  const { text } = editor;
  byId("findings").replaceChildren();
  if (text.trim() === "") {
    editor.mark([]);
    return setText(byId("verdict"), isAsked ? "There is nothing to check" : "");
  }
  const mine = new AbortController();
  checking = mine;
  setText(byId("verdict"), "Checking\u2026");
  try {
    const answer = await fetch("/check", { method: "POST", body: text, headers: { "Content-Type": "text/plain" }, signal: mine.signal });
    if (!answer.ok) return setText(byId("verdict"), await reason(answer));
    show(text, findingsOf(text, await answer.json()));
  } catch (error) {
    if (!mine.signal.aborted) setText(byId("verdict"), `The server does not answer: ${error.message}`);
  }
}

/** The findings, with their places as positions in the text: the server counts bytes. */
function findingsOf(text, answer) {
  const positions = converter(text);
  const all = answer.diagnostics ?? answer.findings ?? [];
  return all.map((finding) => ({
    ...finding,
    start: positions(finding.span.start.offset),
    end: positions(finding.span.end.offset),
  }));
}

/** A function from offsets in UTF-8 to positions in the text. */
function converter(text) {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  if (bytes.length === text.length) return (offset) => Math.min(offset, text.length);
  return (offset) => decoder.decode(bytes.subarray(0, offset)).length;
}

function show(text, findings) {
  const errors = findings.filter(({ level }) => level === "error").length;
  const others = findings.length - errors;
  byId("drop").classList.remove("stale");
  editor.mark(findings);
  byId("findings").replaceChildren(...findings.map(shown));
  const parts = [errors ? count(errors, "error") : "No errors"];
  if (others) parts.push(count(others, "other finding"));
  setText(byId("verdict"), parts.join(", "));
  checked = errors ? undefined : text;
  byId("submit").disabled = errors > 0;
}

function shown({ level, code, message, span, help, label, start, end }) {
  const notes = [label, ...(help ?? [])].filter(Boolean).map((note) => el("span", { class: "help" }, printable(note)));
  return el("li", {}, el("button", { type: "button", on: { click: () => editor.jump(start, end) } },
    el("span", { class: `level ${level}` }, level),
    el("span", { class: "place" }, `${span.start.line}:${span.start.column}`),
    el("span", { class: "message" }, `${printable(message)} (${code})`), ...notes));
}

/** Sends the text that was checked. */
async function submit(method) {
  if (checked === undefined || checked !== editor.text) return check(true);
  byId("submit").disabled = true;
  setText(byId("verdict"), "Submitting\u2026");
  try {
    const address = method === "PUT" ? `/appliance/${encodeURIComponent(submit.id)}` : "/appliance";
    const answer = await fetch(address, { method, body: checked, headers: { "Content-Type": "text/plain" } });
    if (answer.ok) {
      const { id } = await answer.json();
      return location.assign(`/appliance/${encodeURIComponent(id)}/ui`);
    }
    const text = await reason(answer);
    setText(byId("verdict"), text);
    if (answer.status === 409 && method === "POST") offerChange(text);
  } catch (error) {
    setText(byId("verdict"), `The server does not answer: ${error.message}`);
  }
  byId("submit").disabled = false;
}

function offerChange(text) {
  submit.id = /`([^`]+)`/.exec(text)?.[1];
  if (submit.id === undefined) return;
  setText(byId("change-what"), `An appliance ${submit.id} is there already.`);
  const dialog = byId("change-dialog");
  byId("change-confirm").onclick = () => {
    dialog.close();
    submit("PUT");
  };
  dialog.showModal();
  byId("change-cancel").focus();
}

async function open(file) {
  if (!file) return;
  editor.text = await file.text();
  await check(true);
}

function droppable(place) {
  const isFile = (event) => event.dataTransfer?.types.includes("Files");
  // Beside the box, the browser would leave the page for the file.
  addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    place.classList.add("dropping");
  });
  addEventListener("dragleave", (event) => event.relatedTarget ?? place.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    place.classList.remove("dropping");
    open(event.dataTransfer.files[0]);
  });
}
