// The page of an appliance.

import { showCause } from "./cause.js";
import { Details, TABS } from "./details.js";
import { byId, count, el, printable, setText } from "./dom.js";
import { Graph } from "./graph.js";
import { follow } from "./live.js";
import { containersOf } from "./model.js";
import { remover } from "./remove.js";
import { symbol, tally } from "./states.js";
import { badge, Table } from "./table.js";
import { Timeline } from "./timeline.js";

const id = decodeURIComponent(location.pathname.split("/")[2]);
const address = `/appliance/${encodeURIComponent(id)}`;
let latest;
let containers = new Map();
let isGone = false;
let isDrawn = false;

const details = new Details(id, byId("details"), ({ id, tab }) => go(id ?? hash().id, tab ?? hash().tab));
const choose = (id, { open } = {}) => {
  go(id, hash().tab);
  // In a narrow window, the details are below everything else.
  if (open || matchMedia("(max-width: 60rem)").matches) details.focus();
};
const graph = new Graph(byId("graph"), { in: byId("zoom-in"), out: byId("zoom-out"), fit: byId("zoom-fit") }, choose);
const table = new Table(byId("rows"), choose);
const timeline = new Timeline(byId("timeline"), byId("timeline-scale"), choose);
const views = [graph, table, timeline, details];

setText(byId("title"), id);
document.title = id;
byId("filter").addEventListener("input", filter);
remover(id, () => latest, gone);
addEventListener("hashchange", showSelected);
follow(id, { appliance: show, problem, lost, gone });

/** The selected container and tab, from the address. */
function hash() {
  const [id, tab] = location.hash.slice(1).split("/");
  return { id: id ? decodeURIComponent(id) : undefined, tab: TABS.includes(tab) ? tab : "facts" };
}

function go(id, tab) {
  if (id !== undefined) location.hash = `${encodeURIComponent(id)}/${tab}`;
}

function showSelected() {
  const { id, tab } = hash();
  for (const view of [graph, table]) view.select(id);
  const waiters = [...containers.values()].filter(({ source }) => source.dependencies?.includes(id));
  details.show(containers.get(id), tab, waiters.map((one) => one.id));
}

/** Shows what has changed in an appliance. */
function show(appliance) {
  const start = performance.now();
  latest = appliance;
  const all = containersOf(appliance);
  const before = containers;
  containers = new Map(all.map((container) => [container.id, container]));
  const isSame = before.size === containers.size
    && all.every(({ id, definition }) => before.get(id)?.definition === definition);
  const changed = isSame ? all.filter(({ id, live }) => before.get(id).live !== live) : all;
  if (!isSame) {
    table.show(all);
    timeline.show(all);
  }
  if (!isSame || !isDrawn) draw();
  for (const container of changed) for (const view of views) view.update(container);
  if (changed.length) {
    timeline.place();
    summarize(all);
    filter();
  }
  if (!isSame) showSelected();
  showCause(byId("cause"), address, appliance.failure, all, choose);
  connection("Live", true);
  document.body.dataset.ready = "true";
  // Read by the tests of speed. Only the last one is kept.
  performance.clearMeasures("update");
  performance.measure("update", { start, detail: changed.length });
}

function summarize(all) {
  const counts = tally(all);
  byId("summary").replaceChildren(...counts.map(([state, number]) => el("li", {}, badge(state, ` ${number}`))));
  const [worst, number] = counts[0] ?? [];
  document.title = worst ? `${symbol(worst)} ${number} ${worst} \u2013 ${id}` : id;
}

/** Fetches the picture: the server lays it out. It may not have it yet; another state asks again. */
async function draw() {
  isDrawn = true;
  const ask = () => fetch(`${address}/graph?states=true`);
  // Browsers end all requests when a network of the machine changes, as engines do when they start containers.
  const answer = await ask().catch(ask).catch(() => undefined);
  if (!answer?.ok) {
    isDrawn = false;
    byId("graph").replaceChildren(el("p", { class: "muted" }, "There is no picture of this appliance; the table shows all of it."));
    return;
  }
  graph.show(await answer.text());
  // States that came in the meantime.
  for (const container of containers.values()) graph.update(container);
  if (hash().id) graph.reveal(hash().id);
}

function filter() {
  const text = byId("filter").value;
  const shown = table.filter(text);
  setText(byId("filtered"), text ? `${shown} of ${count(containers.size, "container")}` : "");
}

function lost(seen) {
  if (isGone) return;
  const since = seen ? `, last seen at ${seen.toLocaleTimeString()}` : "";
  connection(`Connection lost${since}`, false);
}

function problem(text) {
  connection(printable(text), false);
}

/** Says whether what is shown is how it is now. */
function connection(text, isLive) {
  setText(byId("connection"), text);
  byId("connection").className = isLive ? "live" : "lost";
}

function gone() {
  if (isGone) return;
  isGone = true;
  document.body.classList.add("gone");
  connection("Deleted", false);
  document.title = `deleted \u2013 ${id}`;
  byId("delete").disabled = true;
  byId("gone").hidden = false;
  document.body.dataset.ready = "true";
}
