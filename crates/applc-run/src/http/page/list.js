// The list of appliances.
const main = document.querySelector("#list");
const response = await fetch("/appliance");
const found = await response.json();
main.textContent = response.ok ? "" : found.error;
for (const { id } of response.ok ? found : []) {
  const link = document.createElement("a");
  link.href = `/appliance/${id}/ui`;
  link.textContent = id;
  const line = document.createElement("p");
  line.append(link);
  main.append(line);
}
