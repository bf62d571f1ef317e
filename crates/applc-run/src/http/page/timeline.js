// When each container waited, was pulled, was started, and was up.

import { duration, el, setText } from "./dom.js";
import { phases } from "./model.js";

const WORDS = { waiting: "waited", pulling: "pulled", starting: "started", up: "up" };

/** The phases of a container in words. */
export function inWords(container, now) {
  return phases(container)
    .filter(({ name }) => name !== "up")
    .map(({ name, from, to }) => `${to === undefined ? name : WORDS[name]} ${duration((to ?? now) - from)}`)
    .join(", ");
}

export class Timeline {
  #rows = new Map();
  #containers = new Map();
  #first;
  #last;
  #timer;

  constructor(list, scale, choose) {
    this.list = list;
    this.scale = scale;
    list.addEventListener("click", (event) => {
      const row = event.target.closest("li");
      if (row && event.target.closest("button")) choose(row.dataset.id, { open: true });
    });
  }

  show(containers) {
    const rows = containers.map(({ id }) => [id, this.#rows.get(id) ?? this.#row(id)]);
    this.#rows = new Map(rows);
    this.#containers = new Map();
    this.list.replaceChildren(...rows.map(([, { row }]) => row));
  }

  update(container) {
    const entry = this.#rows.get(container.id);
    if (!entry) return;
    this.#containers.set(container.id, container);
    entry.from = container.times.created;
    entry.bar.replaceChildren();
    entry.bars = phases(container).map((phase) => {
      const bar = el("span", { class: `phase ${phase.name}` });
      entry.bar.append(bar);
      return { bar, ...phase };
    });
    entry.placed = false;
  }

  /** Places all bars that were updated or still grow. Called after the last update. */
  place() {
    clearTimeout(this.#timer);
    const now = Date.now();
    const all = [...this.#containers.values()];
    const starts = all.flatMap(({ times }) => Object.values(times));
    if (starts.length === 0) return setText(this.scale, "No times are known yet.");
    const first = Math.min(...starts);
    // What is up goes on; the scale ends when the last container was.
    const unready = (container) => phases(container).some(({ name, to }) => name !== "up" && to === undefined);
    const growing = all.some(unready);
    const last = Math.max(first + 1000, growing ? now : 0, ...starts);
    const moved = first !== this.#first;
    this.#first = first;
    if (last !== this.#last || moved) {
      this.#last = last;
      // The places of all bars follow this one number.
      this.list.style.setProperty("--total", String(last - first));
      setText(this.scale, `${duration(last - first)} from ${new Date(first).toLocaleTimeString()}`);
    }
    for (const [id, entry] of this.#rows) {
      const container = this.#containers.get(id);
      if (!container || (entry.placed && !moved)) continue;
      const grows = unready(container);
      entry.placed = !grows;
      for (const { bar, from, to } of entry.bars) {
        bar.style.setProperty("--from", String(from - first));
        bar.style.setProperty("--length", to === undefined ? "1e12" : String(to - from));
      }
      setText(entry.words, inWords(container, now));
    }
    if (growing && !document.hidden) this.#timer = setTimeout(() => this.place(), 1000);
  }

  #row(id) {
    const bar = el("span", { class: "bar", "aria-hidden": "true" });
    const words = el("span", { class: "words" });
    const row = el("li", { "data-id": id }, el("button", { type: "button", class: "link" }, id), bar, words);
    return { row, bar, words, bars: [], placed: false };
  }
}
