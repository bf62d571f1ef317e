// The log of a container, as it is written.

import { count, el, printable, setText } from "./dom.js";

const TAIL = 200;
// What is kept: a page that is open for days must not grow.
const LINES = 5_000;
const LENGTH = 10_000;
// Before a lost connection is made again, in milliseconds.
const AGAIN = 3_000;

export class Log {
  #stop;
  #lines = [];
  #dropped = 0;
  #paused = false;
  #scheduled = false;
  /** Whether everything was shown that the container has written until it ended. */
  isOver = false;

  constructor() {
    this.text = el("div", { class: "log", tabindex: "0", role: "log", "aria-label": "Log", "aria-live": "off" });
    this.status = el("span", { class: "muted", role: "status" });
    this.pause = el("button", { type: "button", "aria-pressed": "false", on: { click: () => this.#toggle() } }, "Pause");
    const wrap = el("input", {
      type: "checkbox", checked: true, on: { change: () => this.text.classList.toggle("long", !wrap.checked) },
    });
    this.element = el("div", {},
      el("div", { class: "toolbar" }, this.pause, el("label", {}, wrap, " Wrap lines"), this.status), this.text);
  }

  /** Follows the log at this address, until another one is followed or it is closed. */
  async follow(address) {
    this.close();
    this.#lines = [];
    this.#dropped = 0;
    this.isOver = false;
    this.text.replaceChildren();
    const stop = new AbortController();
    this.#stop = stop;
    setText(this.status, "Connecting");
    try {
      const answer = await fetch(`${address}?follow=true&tail=${TAIL}`, { signal: stop.signal });
      if (!answer.ok) return setText(this.status, await reason(answer));
      setText(this.status, `Follows, from the last ${TAIL} lines`);
      await this.#read(answer.body.pipeThrough(new TextDecoderStream()).getReader());
      setText(this.status, "The log has ended");
      this.isOver = true;
    } catch (error) {
      if (stop.signal.aborted) return;
      setText(this.status, `The connection was lost: ${error.message}`);
      setTimeout(() => stop.signal.aborted || this.follow(address), AGAIN);
    }
  }

  /** Follows no log. */
  close() {
    this.#stop?.abort();
  }

  async #read(reader) {
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      const lines = (rest + (value ?? "")).split("\n");
      rest = lines.pop();
      if (done && rest) lines.push(rest);
      else if (rest.length > LENGTH) {
        lines.push(rest);
        rest = "";
      }
      if (lines.length) this.#add(lines);
      if (done) return;
    }
  }

  #add(lines) {
    this.#lines.push(...lines.slice(-LINES));
    if (this.#lines.length > LINES) {
      this.#dropped += this.#lines.length - LINES;
      this.#lines = this.#lines.slice(-LINES);
    }
    if (this.#paused) return this.#waiting();
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      if (!this.#paused) this.#show();
    });
  }

  /** Shows the lines that wait. Who has scrolled up stays there. */
  #show() {
    const { text } = this;
    const atEnd = text.scrollHeight - text.scrollTop - text.clientHeight < 30;
    text.append(...this.#lines.map((line) => el("div", {}, shown(line))));
    this.#lines = [];
    while (text.childElementCount > LINES) text.firstElementChild.remove();
    if (atEnd) text.scrollTop = text.scrollHeight;
  }

  #toggle() {
    this.#paused = !this.#paused;
    this.pause.setAttribute("aria-pressed", String(this.#paused));
    setText(this.pause, this.#paused ? "Resume" : "Pause");
    if (this.#paused) return this.#waiting();
    if (this.#dropped) this.text.append(el("div", { class: "muted" }, `${count(this.#dropped, "line")} left out`));
    this.#dropped = 0;
    setText(this.status, "Follows");
    this.#show();
  }

  #waiting() {
    setText(this.status, `Paused, ${count(this.#lines.length, "line")} waiting`);
  }
}

/** A line as a terminal shows it in the end: a carriage return starts it again. */
function shown(line) {
  const text = line.replace(/\r+$/, "");
  const last = text.slice(text.lastIndexOf("\r") + 1);
  return printable(last.length > LENGTH ? `${last.slice(0, LENGTH)}\u2026` : last) || "\u200b";
}

/** Why the server refuses, as it says itself. */
export async function reason(answer) {
  const text = await answer.text().catch(() => "");
  try {
    return printable(JSON.parse(text).error ?? text);
  } catch {
    return printable(text.trim()) || `The server answers with ${answer.status}`;
  }
}
