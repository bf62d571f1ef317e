// All about one container, in tabs.

import { copy, count, duration, el, printable, setText } from "./dom.js";
import { Log } from "./log.js";
import { phases } from "./model.js";
import { STATES } from "./states.js";
import { badge, endpoints } from "./table.js";

export const TABS = ["facts", "log", "json", "times"];
const NAMES = { facts: "Facts", log: "Log", json: "JSON", times: "Times" };

export class Details {
  #container;
  #tab = "facts";
  #followed;

  /** `choose` takes the id of a container, or the name of a tab, that was chosen. */
  constructor(id, panel, choose) {
    this.id = id;
    this.choose = choose;
    this.title = el("h2", { id: "details-title", tabindex: "-1" }, "Container");
    this.state = el("div", {});
    this.log = new Log();
    this.json = el("pre", { class: "code", tabindex: "0", "aria-label": "JSON" });
    const copied = el("span", { class: "muted", role: "status" });
    const copier = async () => setText(copied, await copy(this.json.textContent, this.json));
    this.tabs = TABS.map((tab) => el("button", {
      type: "button", role: "tab", id: `tab-${tab}`, "aria-controls": `panel-${tab}`,
      on: { click: () => choose({ tab }) },
    }, NAMES[tab]));
    this.panels = TABS.map((tab) => el("div", { role: "tabpanel", id: `panel-${tab}`, "aria-labelledby": `tab-${tab}` }));
    const [, log, json] = this.panels;
    log.append(this.log.element);
    json.append(el("div", { class: "toolbar" }, el("button", { type: "button", on: { click: copier } }, "Copy"), copied), this.json);
    const bar = el("div", { role: "tablist", "aria-labelledby": "details-title" }, ...this.tabs);
    bar.addEventListener("keydown", (event) => this.#key(event));
    this.hint = el("p", { class: "muted" }, "Select a container in the graph or in the table.");
    this.body = el("div", { hidden: true }, this.state, bar, ...this.panels);
    panel.replaceChildren(this.title, this.hint, this.body);
  }

  /** Shows a tab of a container. */
  show(container, tab, waiters = []) {
    this.#container = container;
    this.#tab = tab;
    this.waiters = waiters;
    this.hint.hidden = container !== undefined;
    this.body.hidden = container === undefined;
    setText(this.title, container?.id ?? "Container");
    this.tabs.forEach((button, at) => {
      const isShown = TABS[at] === tab;
      button.setAttribute("aria-selected", String(isShown));
      button.setAttribute("tabindex", isShown ? "0" : "-1");
      this.panels[at].hidden = !isShown;
    });
    if (container) this.update(container);
    const followed = container && tab === "log" ? container.id : undefined;
    if (followed !== this.#followed) {
      this.#followed = followed;
      if (followed === undefined) this.log.close();
      else this.#follow();
    }
  }

  #follow() {
    this.log.follow(`/appliance/${encodeURIComponent(this.id)}/container/${encodeURIComponent(this.#followed)}/log`);
  }

  /** Moves the focus here. */
  focus() {
    this.title.focus({ preventScroll: true });
    this.title.scrollIntoView({ block: "nearest" });
  }

  /** Shows another state of the container. */
  update(container) {
    if (container.id !== this.#container?.id) return;
    this.#container = container;
    this.state.replaceChildren(el("p", {}, badge(container.state, container.count ? ` ${container.count}` : ""),
      " ", el("span", { class: "muted" }, STATES[container.state]?.meaning ?? "")));
    if (container.why) this.state.append(el("p", { class: "why" }, printable(container.why)));
    const [facts, , , times] = this.panels;
    if (this.#tab === "facts") replace(facts, this.#facts(container));
    if (this.#tab === "json") setText(this.json, JSON.stringify(container.source, null, 2));
    // It has been started again.
    if (this.#followed && this.log.isOver && ["staging", "running"].includes(container.state)) this.#follow();
    if (this.#tab === "times") times.replaceChildren(...timesOf(container));
  }

  #facts(container) {
    const { source } = container;
    const { cpus, mem, disk, gpu } = source.resources ?? {};
    const links = (ids) => ids.map((id) => el("button", {
      type: "button", class: "link", on: { click: () => this.choose({ id }) },
    }, id));
    const mounts = (source.volumes ?? []).map(({ src, dest, mode, type }) =>
      `${type === "host" ? "host path " : ""}${src} \u2192 ${dest}${mode === "RO" ? ", read only" : ""}`);
    const waits = (source.dependencies ?? []).map((one) => String(one.id ?? one));
    const rows = [
      ["Type", [container.type]],
      ["Image", [source.image]],
      ["Instances", [container.count ? `${container.count} up` : String(container.wanted)]],
      ["Endpoints", endpoints(container)],
      ["Waits for", links(waits)],
      ["Blocks", links(this.waiters)],
      ["Resources", [[cpus && count(cpus, "CPU"), mem && `${mem} MB memory`, disk && `${disk} MB disk`, gpu && count(gpu, "GPU")].filter(Boolean).join(", ")]],
      ["Network", [source.network_mode]],
      ["Entry point", [source.entrypoint?.join(" ")]],
      ["Command", [source.cmd ?? source.args?.join(" ")]],
      ["User", [source.user === undefined ? undefined : String(source.user)]],
      ["Volumes", mounts],
      ["Environment", Object.keys(source.env ?? {})],
    ];
    const list = el("dl", { class: "facts" });
    for (const [name, values] of rows) {
      const known = values.filter((value) => value !== undefined && value !== "");
      if (known.length === 0) continue;
      list.append(el("dt", {}, name), el("dd", {}, ...known.map((value) => el("div", {}, typeof value === "string" ? printable(value) : value))));
    }
    return list;
  }

  // As in all tab lists: arrows change the tab.
  #key(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = { Home: 0, End: TABS.length - 1 }[event.key]
      // The address, and with it the tab that is shown, changes a little later.
      ?? (step && (this.tabs.indexOf(event.target) + step + TABS.length) % TABS.length);
    if (at === undefined) return;
    event.preventDefault();
    this.choose({ tab: TABS[at] });
    this.tabs[at].focus();
  }
}

/** Replaces the content of a panel, unless it stays the same: a focused button would lose the focus. */
function replace(panel, content) {
  if (panel.firstChild?.isEqualNode(content)) return;
  panel.replaceChildren(content);
}

function timesOf(container) {
  const known = phases(container);
  if (known.length === 0) return [el("p", { class: "muted" }, "The engine knows no times yet.")];
  const row = ({ name, from, to }) => el("tr", {}, el("th", { scope: "row" }, name),
    el("td", {}, new Date(from).toLocaleTimeString()),
    el("td", {}, to === undefined ? (name === "up" ? "until now" : "goes on") : duration(to - from)));
  return [el("table", { class: "plain" },
    el("thead", {}, el("tr", {}, ...["Phase", "From", "For"].map((text) => el("th", { scope: "col" }, text)))),
    el("tbody", {}, ...known.map(row)))];
}
