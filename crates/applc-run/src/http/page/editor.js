// A text with line numbers, and findings at their places.

import { el } from "./dom.js";

export class Editor {
  /** `changed` is called after each change by the user. */
  constructor(place, changed) {
    this.numbers = el("div", { class: "numbers" });
    this.marks = el("pre", { class: "marks", "aria-hidden": "true" });
    this.input = el("textarea", {
      id: "text", spellcheck: "false", autocomplete: "off", autocapitalize: "off", wrap: "off", "aria-label": "Appliance as JSON or YAML",
    });
    place.replaceChildren(
      el("div", { class: "gutter", "aria-hidden": "true" }, this.numbers),
      el("div", { class: "area" }, this.marks, this.input),
    );
    this.input.addEventListener("input", () => {
      this.#number();
      changed();
    });
    this.input.addEventListener("scroll", () => this.#scroll());
    this.mark([]);
  }

  get text() {
    return this.input.value;
  }

  set text(text) {
    this.input.value = text;
    this.mark([]);
    this.input.scrollTo(0, 0);
  }

  /** Shows findings: each with `level`, `start` and `end` in the text. The first of those that overlap is shown. */
  mark(findings) {
    const { text } = this;
    const parts = [];
    let at = 0;
    for (const { level, start, end } of [...findings].sort((a, b) => a.start - b.start)) {
      if (start < at) continue;
      parts.push(text.slice(at, start), el("mark", { class: `${level}${end === start ? " empty" : ""}` }, text.slice(start, end)));
      at = end;
    }
    this.marks.replaceChildren(...parts, text.slice(at), "\n");
    this.#number();
    // The gravest finding of a line colors its number.
    const levels = ["hint", "warning", "error"];
    const lines = new Map();
    for (const { level, start } of findings) {
      const line = text.slice(0, start).split("\n").length;
      if (levels.indexOf(level) > levels.indexOf(lines.get(line))) lines.set(line, level);
    }
    for (const [line, level] of lines) {
      const number = el("b", { class: level }, String(line));
      number.style.top = `calc(.5rem + ${line - 1} * 20px)`;
      this.numbers.append(number);
    }
    this.#scroll();
  }

  /** Selects a part of the text, and scrolls to it. */
  jump(start, end) {
    this.input.focus();
    this.input.setSelectionRange(start, end);
    const before = this.text.slice(0, start).split("\n");
    this.input.scrollTo(Math.max(0, before.at(-1).length * 8 - 200), Math.max(0, (before.length - 5) * 20));
    this.input.scrollIntoView({ block: "nearest" });
  }

  #number() {
    const lines = this.text.split("\n").length;
    this.numbers.replaceChildren(Array.from({ length: lines }, (_, at) => at + 1).join("\n"));
  }

  // The text scrolls; what is behind and beside it follows.
  #scroll() {
    const { scrollLeft, scrollTop } = this.input;
    this.marks.style.transform = `translate(${-scrollLeft}px, ${-scrollTop}px)`;
    this.numbers.style.transform = `translateY(${-scrollTop}px)`;
  }
}
