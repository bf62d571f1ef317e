// An appliance, as it changes.
const id = location.pathname.split("/")[2];
const main = document.querySelector("#appliance");
const events = new EventSource(`/appliance/${id}/events`);
events.addEventListener("appliance", (event) => {
  main.textContent = JSON.stringify(JSON.parse(event.data), null, 1);
});
events.addEventListener("gone", () => {
  events.close();
  main.textContent = "The appliance was removed.";
});
