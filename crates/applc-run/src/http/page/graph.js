// The picture of an appliance: the server lays it out, this colors it, and moves in it.

import { printable, setText } from "./dom.js";
import { symbol } from "./states.js";

const SCALES = { least: 0.05, most: 3, step: 1.25 };

export class Graph {
  #nodes = new Map();
  #edges = [];
  #selected;
  // What is marked: the selected container and its edges.
  #marked = [];
  #scale = 1;
  // Whether the scale follows the width.
  #fits = true;
  #svg;
  #size = { width: 1, height: 1 };

  /** `view` scrolls; `choose` takes the id of a container that was chosen. */
  constructor(view, buttons, choose) {
    this.view = view;
    this.choose = choose;
    buttons.in.addEventListener("click", () => this.#zoom(SCALES.step));
    buttons.out.addEventListener("click", () => this.#zoom(1 / SCALES.step));
    buttons.fit.addEventListener("click", () => this.fit());
    view.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    view.addEventListener("keydown", (event) => this.#key(event));
    view.addEventListener("click", (event) => {
      const node = event.target.closest(".node");
      if (node) choose(node.dataset.id);
    });
    this.#drag();
    new ResizeObserver(() => this.#fits && this.fit()).observe(view);
  }

  /** Shows a picture that the server drew. */
  show(text) {
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
    if (parsed.localName !== "svg") return;
    const svg = document.adoptNode(parsed);
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", svg.querySelector("title")?.textContent ?? "");
    svg.querySelector("title")?.remove();
    const { width, height } = svg.viewBox.baseVal;
    this.#size = { width, height };
    // The order of the keyboard is that of the starts: from top to bottom.
    const nodes = [...svg.querySelectorAll(".node")].map((node) => ({ node, ...center(node) }));
    nodes.sort((a, b) => a.y - b.y || a.x - b.x);
    this.#nodes = new Map();
    for (const { node, x, y } of nodes) {
      node.setAttribute("tabindex", "0");
      node.setAttribute("role", "button");
      node.parentNode.append(node);
      const entry = { node, x, y, title: node.querySelector("title"), state: node.querySelector(".state") };
      entry.about = entry.title.textContent;
      entry.classes = node.getAttribute("class");
      this.#nodes.set(node.dataset.id, entry);
    }
    this.#edges = [...svg.querySelectorAll(".edge")];
    this.#svg = svg;
    this.view.replaceChildren(svg);
    this.#fits ? this.fit() : this.#resize();
    this.select(this.#selected);
  }

  /** Shows the state of a container. */
  update(container) {
    const entry = this.#nodes.get(container.id);
    if (!entry) return;
    const { state } = container;
    const words = container.count ? `${state} ${container.count}` : state;
    entry.node.setAttribute("class", `${entry.classes} state-${state}`);
    setText(entry.state, `${symbol(state)} ${words}`);
    const why = container.why ? `: ${printable(container.why)}` : "";
    setText(entry.title, `${entry.about}, ${words}${why}`);
    entry.node.setAttribute("aria-label", `${container.id}, ${container.type}, ${words}`);
  }

  /** Marks a container and its edges. */
  select(id) {
    for (const marked of this.#marked) {
      marked.classList.remove("near");
      marked.removeAttribute("aria-current");
    }
    this.#selected = id;
    const node = this.#nodes.get(id)?.node;
    node?.setAttribute("aria-current", "true");
    const edges = this.#edges.filter(({ dataset }) => dataset.from === id || dataset.to === id);
    edges.forEach((edge) => edge.classList.add("near"));
    this.#marked = node ? [node, ...edges] : edges;
  }

  /** Scrolls to a container. */
  reveal(id) {
    this.#nodes.get(id)?.node.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** Makes the picture as wide as its view, but not larger than it was drawn. */
  fit() {
    if (!this.#svg) return;
    this.#fits = true;
    this.#scale = Math.min(1, Math.max(SCALES.least, this.view.clientWidth / this.#size.width));
    this.#resize();
  }

  #resize() {
    this.#svg.setAttribute("width", Math.floor(this.#size.width * this.#scale));
    this.#svg.setAttribute("height", Math.floor(this.#size.height * this.#scale));
  }

  /** Scales around a point of the view; around its center without one. */
  #zoom(factor, x = this.view.clientWidth / 2, y = this.view.clientHeight / 2) {
    if (!this.#svg) return;
    const scale = Math.min(SCALES.most, Math.max(SCALES.least, this.#scale * factor));
    const grown = scale / this.#scale;
    const { scrollLeft, scrollTop } = this.view;
    this.#fits = false;
    this.#scale = scale;
    this.#resize();
    this.view.scrollTo((scrollLeft + x) * grown - x, (scrollTop + y) * grown - y);
  }

  // As everywhere: the wheel scrolls, with Ctrl, or two fingers that spread, it zooms.
  #wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const { left, top } = this.view.getBoundingClientRect();
    this.#zoom(Math.exp(-event.deltaY / 300), event.clientX - left, event.clientY - top);
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const keys = { "+": SCALES.step, "=": SCALES.step, "-": 1 / SCALES.step };
    const id = event.target.closest(".node")?.dataset.id;
    if (event.key in keys) this.#zoom(keys[event.key]);
    else if (event.key === "0") this.fit();
    else if (id === undefined) return;
    else if (event.key === "Enter" || event.key === " ") this.choose(id, { open: true });
    else if (!this.#move(id, event.key)) return;
    event.preventDefault();
  }

  /** Moves the focus: up and down along edges, left and right to the neighbors. */
  #move(id, key) {
    const here = this.#nodes.get(id);
    const ends = { ArrowDown: ["from", "to"], ArrowUp: ["to", "from"] }[key];
    let found;
    if (ends) {
      const near = this.#edges.filter((edge) => edge.dataset[ends[0]] === id).map((edge) => edge.dataset[ends[1]]);
      found = closest(near.map((other) => this.#nodes.get(other)), here);
    } else if (key === "ArrowRight" || key === "ArrowLeft") {
      const side = key === "ArrowRight" ? 1 : -1;
      const row = [...this.#nodes.values()].filter(({ x, y }) => Math.abs(y - here.y) < 2 && (x - here.x) * side > 0);
      found = closest(row, here);
    } else {
      return false;
    }
    found?.node.focus();
    return true;
  }

  #drag() {
    let from;
    this.view.addEventListener("pointerdown", (event) => {
      // Fingers scroll by themselves.
      if (event.pointerType !== "mouse" || event.button !== 0) return;
      from = { x: event.clientX + this.view.scrollLeft, y: event.clientY + this.view.scrollTop };
    });
    addEventListener("pointermove", (event) => {
      if (from) this.view.scrollTo(from.x - event.clientX, from.y - event.clientY);
    });
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => (from = undefined));
  }
}

function center(node) {
  const shape = node.querySelector(".shape");
  const of = (name) => Number(shape.getAttribute(name));
  if (shape.localName === "ellipse") return { x: of("cx"), y: of("cy") };
  return { x: of("x") + of("width") / 2, y: of("y") + of("height") / 2 };
}

function closest(entries, to) {
  const far = ({ x, y }) => Math.hypot(x - to.x, y - to.y);
  return entries.filter(Boolean).reduce((best, one) => (!best || far(one) < far(best) ? one : best), undefined);
}
