import assert from "node:assert/strict";
import { test } from "node:test";

import { fromProtocol, previewOf, previewParts, toProtocol, type Preview } from "../src/previewUri.ts";

const PREVIEWS: Preview[] = [
  { target: "compose", file: "compose.yaml", source: "file:///code/shop.appliance.json" },
  { target: "my target", file: "a b/é#?.yaml", source: "file:///a%20b/x%26y%3Dz%2B.appliance.yaml", environment: "prod & test" },
];

test("an address keeps what it says on its way through the protocol", () => {
  for (const preview of PREVIEWS) {
    const there = toProtocol(previewParts(preview));
    assert.doesNotMatch(there, /[ #é]/);
    // What any program that reads addresses sees.
    const url = new URL(there);
    assert.equal(url.searchParams.get("source"), preview.source);
    assert.equal(url.searchParams.get("environment") ?? undefined, preview.environment);
    assert.deepEqual(previewOf(fromProtocol(there)), preview);
    assert.equal(toProtocol(fromProtocol(there)), there);
  }
  const [first] = PREVIEWS;
  assert.ok(first !== undefined);
  assert.equal(
    toProtocol(previewParts(first)),
    "applc-preview:/compose/compose.yaml?source=file%3A%2F%2F%2Fcode%2Fshop.appliance.json",
  );
});

test("other addresses are not previews", () => {
  assert.equal(previewOf({ path: "/compose/compose.yaml", query: "" }), undefined);
  assert.equal(previewOf({ path: "", query: "source=x" }), undefined);
});
