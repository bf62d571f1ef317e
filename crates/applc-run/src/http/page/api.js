// The operations of the API, from its description.
const main = document.querySelector("#api");
const description = await (await fetch("/api")).json();
const element = (name, text, ...children) => {
  const created = document.createElement(name);
  created.textContent = text;
  created.append(...children);
  return created;
};
const table = element("table", "");
for (const [path, methods] of Object.entries(description.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const statuses = Object.entries(operation.responses).map(([status, { description }]) =>
      element("li", `${status}: ${description}`));
    const query = operation.parameters.filter((one) => one.in === "query").map((one) =>
      element("li", `?${one.name}: ${one.description}`));
    const row = element("tr", "", element("td", "", element("code", `${method.toUpperCase()} ${path}`)));
    row.append(element("td", operation.summary, element("ul", "", ...query, ...statuses)));
    table.append(row);
  }
}
main.replaceChildren(table);
