// The state of an appliance as the server sends it: one stream of events, which is opened again when it is lost.

// Browsers open few connections to a server. A page that nobody looks at gives its own back.
const HIDDEN = 60_000;
const AGAIN = 5_000;

/**
 * Follows an appliance. `on.appliance` takes each state of it, `on.problem` why the engine does not tell one,
 * `on.lost` the time of the last one when the connection is lost, `on.gone` nothing, when there is no such
 * appliance anymore.
 */
export function follow(id, on) {
  const address = `/appliance/${encodeURIComponent(id)}`;
  let source, timer, seen, latest, isGone = false;

  function show() {
    if (latest === undefined || isGone) return;
    const appliance = latest;
    latest = undefined;
    on.appliance(appliance, seen);
  }

  function gone() {
    isGone = true;
    source?.close();
    on.gone();
  }

  function open() {
    clearTimeout(timer);
    source?.close();
    source = new EventSource(`${address}/events`);
    source.addEventListener("appliance", (event) => {
      seen = new Date();
      const scheduled = latest !== undefined;
      latest = JSON.parse(event.data);
      // Several states between two pictures are one. A hidden page has no pictures, but a title.
      if (document.hidden) show();
      else if (!scheduled) requestAnimationFrame(show);
    });
    source.addEventListener("problem", (event) => on.problem(JSON.parse(event.data).error));
    source.addEventListener("gone", gone);
    source.addEventListener("error", () => {
      on.lost(seen);
      // Otherwise the browser opens it again by itself.
      if (source.readyState === EventSource.CLOSED) refused();
    });
  }

  // Events have no status: another request tells why there are none.
  async function refused() {
    try {
      const { status } = await fetch(address, { redirect: "manual" });
      if (status === 404) return gone();
      // The server leads to the login, and back.
      if (status === 401) return location.reload();
    } catch {
      // The server does not answer; later it may.
    }
    timer = setTimeout(open, AGAIN);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (isGone) return;
    if (document.hidden) timer = setTimeout(() => source.close(), HIDDEN);
    else if (source.readyState === EventSource.CLOSED) open();
    else show();
  });
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && !isGone && open());
  open();
}
