import assert from "node:assert/strict";
import { test } from "node:test";

import { findProgram, isAtLeast, versionIn, type Surroundings } from "../src/program.ts";

/** A trusted workspace on Linux with these programs. */
function around(programs: string[], other: Partial<Surroundings> = {}): Surroundings {
  return {
    platform: "linux",
    home: "/home/me",
    path: "/usr/local/bin:/usr/bin",
    setting: "",
    folders: ["/code/shop", "/code/lab"],
    trusted: true,
    isProgram: (path) => programs.includes(path),
    ...other,
  };
}

const PLACES = [
  "/code/shop/.venv/bin/applc",
  "/code/lab/node_modules/.bin/applc",
  "/usr/local/bin/applc",
  "/usr/bin/applc",
  "/home/me/.cargo/bin/applc",
  "/home/me/.local/bin/applc",
];

test("places are searched in this order", () => {
  for (let first = 0; first < PLACES.length; first++) {
    assert.deepEqual(findProgram(around(PLACES.slice(first))), { program: PLACES[first] });
  }
  assert.match(JSON.stringify(findProgram(around([]))), /missing.*neither/);
});

test("the setting alone counts", () => {
  const search = (setting: string, programs: string[]) => findProgram(around(programs, { setting }));
  assert.deepEqual(search("/opt/applc", [...PLACES, "/opt/applc"]), { program: "/opt/applc" });
  assert.deepEqual(search("~/bin/applc", ["/home/me/bin/applc"]), { program: "/home/me/bin/applc" });
  for (const setting of ["tools/applc", "./tools/applc", "${workspaceFolder}/tools/applc"]) {
    assert.deepEqual(search(setting, ["/code/lab/tools/applc"]), { program: "/code/lab/tools/applc" }, setting);
  }
  assert.match(JSON.stringify(search("/opt/applc", PLACES)), /missing.*\/opt\/applc, which is not a program/);
});

test("nothing is started from a workspace that is not trusted", () => {
  const untrusted = (programs: string[], other: Partial<Surroundings> = {}) =>
    findProgram(around(programs, { trusted: false, ...other }));
  assert.deepEqual(untrusted(PLACES), { program: "/usr/local/bin/applc" });
  const inside = ["/code/shop/.venv/bin/applc", "/code/shop/bin/applc", "/code/lab/node_modules/.bin/applc"];
  const paths = ["/code/shop/bin", "/usr/../code/shop/bin", "/code/other/../shop/./bin/", "bin", ".", ""];
  for (const path of paths) {
    assert.match(JSON.stringify(untrusted(inside, { path })), /missing/, path);
  }
  for (const setting of ["bin/applc", "/code/shop/bin/applc", "/code/lab/../shop/bin/applc", "${workspaceFolder}/bin/applc"]) {
    assert.match(JSON.stringify(untrusted(inside, { setting })), /missing.*not trusted/, setting);
  }
  // A folder beside the workspace whose name begins in the same way is not in it.
  assert.deepEqual(untrusted(["/code/shop2/applc"], { setting: "/code/shop2/applc" }), { program: "/code/shop2/applc" });
});

test("a relative entry of the PATH is ignored", () => {
  assert.match(JSON.stringify(findProgram(around(["bin/applc", "applc"], { path: "bin:.::" }))), /missing/);
});

test("Windows has other names", () => {
  const windows = (programs: string[]) =>
    findProgram(
      around(programs, { platform: "win32", home: "C:\\Users\\me", path: "C:\\tools;D:\\x", folders: ["C:\\shop"] }),
    );
  for (const program of ["C:\\shop\\.venv\\Scripts\\applc.exe", "D:\\x\\applc.exe", "C:\\Users\\me\\.cargo\\bin\\applc.exe"]) {
    assert.deepEqual(windows([program]), { program });
  }
  const untrusted = around(["C:\\Shop\\applc.exe"], {
    platform: "win32",
    path: "C:\\Shop",
    folders: ["c:\\shop"],
    trusted: false,
  });
  assert.match(JSON.stringify(findProgram(untrusted)), /missing/);
});

test("versions", () => {
  assert.equal(versionIn("applc 0.12.3\n"), "0.12.3");
  assert.equal(versionIn("applc 1.0.0-beta.1"), "1.0.0");
  assert.equal(versionIn("bash: applc: 1.0.0"), undefined);
  assert.ok(isAtLeast("0.12.3", "0.12.3"));
  assert.ok(isAtLeast("0.12.10", "0.12.9"));
  assert.ok(isAtLeast("1.0.0", "0.99.99"));
  assert.ok(!isAtLeast("0.9.9", "0.10.0"));
});
