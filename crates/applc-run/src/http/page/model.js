// What the page shows of an appliance, from what the server tells about it.

// What the server adds to the fields of the language.
const LIVE = new Set(["appliance", "state", "endpoints", "why", "times", "tasks"]);

/** The containers of an appliance, in its order. */
export function containersOf(appliance) {
  return (appliance.containers ?? []).map(container);
}

function container(source) {
  const wanted = source.instances ?? 1;
  const up = source.tasks?.filter(({ state }) => state === "running" || state === "success").length;
  return {
    id: String(source.id),
    type: source.type ?? "container",
    state: source.state ?? "submitted",
    why: source.why ?? undefined,
    wanted,
    // How many instances are up, where that says more than the state.
    count: wanted !== 1 && up !== undefined ? `${up}/${wanted}` : undefined,
    endpoints: (source.endpoints ?? []).map(endpoint),
    times: times(source.times),
    source,
    definition: JSON.stringify(source, (key, value) => (LIVE.has(key) ? undefined : value)),
    live: JSON.stringify([source.state, source.why, source.tasks, source.endpoints, source.times]),
  };
}

function endpoint({ host, host_port, container_port, protocol, name }) {
  // The host as the server names it: seen from elsewhere, its own name leads there.
  const isHere = ["localhost", "127.0.0.1", "::1", "0.0.0.0"].includes(host);
  const reached = isHere ? location.hostname : host.includes(":") ? `[${host}]` : host;
  const scheme = name === "https" || container_port === 443 ? "https" : "http";
  return {
    text: `${host.includes(":") ? `[${host}]` : host}:${host_port}`,
    about: [name, container_port, protocol === "udp" ? "udp" : undefined].filter(Boolean).join(" "),
    link: protocol === "udp" ? undefined : `${scheme}://${reached}:${host_port}/`,
  };
}

function times(source) {
  const read = {};
  for (const [name, value] of Object.entries(source ?? {})) {
    const time = value === null ? NaN : Date.parse(value);
    if (!Number.isNaN(time)) read[name] = time;
  }
  return read;
}

/** The phases that a container went through: name, start, and end, which is missing while it lasts. */
export function phases({ times, state }) {
  const { created, pulling, starting, started, ready, ended } = times;
  const isUp = ["running", "success"].includes(state) || ended !== undefined;
  const steps = [
    ["waiting", created],
    ["pulling", pulling],
    ["starting", starting ?? started],
    ["up", ready ?? (isUp ? started : undefined)],
  ].filter(([, at]) => at !== undefined);
  return steps.map(([name, from], at) => ({
    name,
    from,
    to: steps[at + 1]?.[1] ?? ended,
  }));
}
