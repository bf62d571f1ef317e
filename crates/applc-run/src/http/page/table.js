// The containers as a table: the same as the picture, for everyone.

import { el, printable, setText } from "./dom.js";
import { symbol } from "./states.js";

/** A state with its symbol, in its color. */
export function badge(state, more = "") {
  return el("span", { class: `badge state-${state}` },
    el("span", { class: "symbol", "aria-hidden": "true" }, symbol(state)), ` ${state}${more}`);
}

/** The endpoints of a container, as links where a browser can open them. */
export function endpoints(container) {
  return container.endpoints.map(({ text, about, link }) => el("span", { class: "endpoint" },
    link ? el("a", { href: link, target: "_blank", rel: "noopener noreferrer" }, text) : text,
    el("span", { class: "muted" }, ` \u2192 ${about}`)));
}

export class Table {
  #rows = new Map();
  #selected;

  constructor(body, choose) {
    this.body = body;
    this.choose = choose;
    body.addEventListener("click", (event) => {
      if (!event.target.closest("a")) choose(event.target.closest("tr").dataset.id, { open: true });
    });
  }

  /** Shows these containers in this order. */
  show(containers) {
    const rows = containers.map((container) => {
      const row = this.#rows.get(container.id) ?? this.#row(container);
      return [container.id, row];
    });
    this.#rows = new Map(rows);
    this.body.replaceChildren(...rows.map(([, { row }]) => row));
  }

  /** Shows the state of a container. */
  update(container) {
    const entry = this.#rows.get(container.id);
    if (!entry) return;
    setText(entry.type, container.type);
    entry.state.replaceChildren(badge(container.state));
    if (container.why) entry.state.append(el("span", { class: "why" }, printable(container.why)));
    setText(entry.instances, container.count ?? String(container.wanted));
    entry.endpoints.replaceChildren(...endpoints(container));
    entry.words = `${container.id} ${container.type} ${container.state}`.toLowerCase();
  }

  select(id) {
    const [before, now] = [this.#rows.get(this.#selected), this.#rows.get(id)];
    before?.row.classList.remove("selected");
    before?.button.removeAttribute("aria-current");
    this.#selected = id;
    now?.row.classList.add("selected");
    now?.button.setAttribute("aria-current", "true");
  }

  /** Shows only the containers with all these words in their id, type, or state. Returns how many. */
  filter(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, words: own } of this.#rows.values()) {
      row.hidden = !words.every((word) => own.includes(word));
      if (!row.hidden) shown += 1;
    }
    return shown;
  }

  #row({ id }) {
    const button = el("button", { type: "button", class: "link" }, id);
    const [type, state, instances, ends] = ["Type", "State", "Instances", "Endpoints"]
      .map((label) => el("td", { "data-label": label }));
    const row = el("tr", { "data-id": id }, el("th", { scope: "row" }, button), type, state, instances, ends);
    return { row, button, type, state, instances, endpoints: ends, words: "" };
  }
}
