"""The language server in editors that users set up with the lines of editors/README.md: each one sees the same.

The scripts in `editor_scripts` do what a user does, and write down what there was to see.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import lsp_client
import support

SCRIPTS = Path(__file__).parent / "editor_scripts"
PAGE = support.ROOT / "editors" / "README.md"

# The fault is behind a character of two units in UTF-16 and four bytes in UTF-8.
SHOP = """{
  "id": "shop",
  "containers": [
    {
      "id": "web",
      "type": "service",
      "env": { "MOOD": "😀", "STORE": "redis://@store:6379/0" }, "imge": "shop/web:1.4",
      "resources": { "cpus": 0.5, "mem": 256 },
      "dependencies": ["store"]
    },
    {
      "id": "store",
      "type": "service",
      "image": "redis:7.4",
      "resources": { "cpus": 0.25, "mem": 128 },
      "network_mode": "bridge",
      "ports": [{ "container_port": 6379 }]
    }
  ]
}
"""
FIXED = SHOP.replace("imge", "image")
RENAMED = FIXED.replace("@store", "@cache").replace('"store"', '"cache"')


# Text with a fault in other files, what is found, and the range.
FAULTS = {
    "applc.toml": (
        'default-targets = ["compose"]\nenvironments = { prod = { overlay = "😀.{name}.yaml", overlai = "x" } }\n',
        ["E0501", "overlai"],
    ),
    "target.toml": (
        'applc = 1\nname = "own"\ndescription = "a file"\n'
        'artifacts = [{ template = "a.j2", path = "😀.ini", formaat = "ini" }]\n'
        '[references]\naddress = "x"\n[fields]\n"*" = { rejected = "none" }\n',
        ["E0701", "formaat"],
    ),
    "shop.prod.yaml": ('containers: { web: { env: { MOOD: "😀" }, imge: "shop/web" } }\n', ["E0201", "imge"]),
}


# Texts out of order, with a finding so that an editor knows that the server is there, and as they are formatted.
UNTIDY = {
    "shop.appliance.json": (
        '{"id":   "shop", // 😀\n "imge": 1,\n    "containers": [{ "id":"web" }]\n}\n',
        '{\n  "id": "shop", // 😀\n  "imge": 1,\n  "containers": [{ "id": "web" }]\n}\n',
    ),
    "shop.appliance.yaml": (
        "# 😀\nid:   shop   # one\nimge: &a {b: 1}\ncontainers:\n- id:    web\n  env: *a\n",
        "# 😀\nid: shop # one\nimge: &a { b: 1 }\ncontainers:\n  - id: web\n    env: *a\n",
    ),
}


@pytest.fixture(params=UNTIDY)
def untidy(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An appliance that is not formatted: one of `UNTIDY`."""
    file: Path = tmp_path / "shop" / request.param
    file.parent.mkdir()
    (file.parent / "applc.toml").write_text('default-targets = ["compose"]\n')
    file.write_text(UNTIDY[file.name][0])
    return file


# JSON is YAML, too.
@pytest.fixture(params=["json", "jsonc", "yaml", "yml"])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An appliance in a project."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "applc.toml").write_text('default-targets = ["compose"]\n')
    file = folder / f"shop.appliance.{request.param}"
    file.write_text(SHOP)
    return file


@pytest.fixture(params=FAULTS)
def faulty(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Another file of a project, with one of `FAULTS`."""
    folder = tmp_path / "shop"
    folder.mkdir()
    project = 'default-targets = ["compose"]\n[environments.prod]\noverlay = "{name}.prod.yaml"\n'
    (folder / "applc.toml").write_text(project)
    (folder / "shop.appliance.json").write_text(FIXED)
    file: Path = folder / request.param
    if file.name == "target.toml":
        (folder / "own").mkdir()
        (folder / "own" / "a.j2").write_text("[a]\n")
        file = folder / "own" / file.name
    file.write_text(FAULTS[file.name][0])
    return file


@pytest.fixture
def environment(applc: support.Applc, tmp_path: Path) -> dict[str, str]:
    """The program is on the PATH, and nobody's settings count."""
    programs, home = tmp_path / "programs", tmp_path / "home"
    programs.mkdir()
    home.mkdir()
    (programs / "applc").symlink_to(applc.binary)
    folders = {f"XDG_{kind}_HOME": str(home) for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
    return os.environ | folders | {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(home), "LANG": "C.UTF-8"}


@pytest.fixture
def as_expected(applc: support.Applc, shop: Path) -> Callable[[dict[str, Any]], None]:
    """`as_expected(seen)` judges what there was to see in an editor."""

    def judge(seen: dict[str, Any]) -> None:
        assert "fault" not in seen, seen["fault"]
        # The range of the finding in the terms of the editor.
        assert seen["findings"] == [["E0201", '"imge"']]
        assert seen["fixed"] == FIXED
        assert "containers[].network_mode" in seen["hover"]
        assert "the project network" in seen["hover"], "what becomes of it on Compose"
        assert seen["definition"].startswith('"store",') or seen["definition"].startswith('store",'), seen["definition"]
        assert seen["renamed"] == RENAMED
        assert seen["undone"] == FIXED
        assert seen["completion"] == ["web", "store"]
        assert {"web", "store"} <= set(seen["symbols"])
        shop.write_text(FIXED)
        assert seen["preview"] == applc.compile(shop, "compose").stdout

    return judge


def set_up(heading: str, language: str, block: int = 0) -> str:
    """The lines below a heading of the page."""
    section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(rf"```{language}\n(.*?)```\n", section, re.DOTALL)[block]


def seen_by(command: list[str | Path], shop: Path, environment: dict[str, str]) -> dict[str, Any]:
    """Runs an editor with a script."""
    seen = shop.parent.parent / "seen.json"
    run = subprocess.run(
        command, cwd=shop.parent, env=environment | {"SEEN": str(seen)}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=120,
    )
    assert seen.exists(), run.stdout + run.stderr
    result: dict[str, Any] = json.loads(seen.read_text(encoding="utf-8"))
    return result


def in_neovim(name: str, block: int, shop: Path, environment: dict[str, str], *more: int) -> dict[str, Any]:
    """What is seen in a Neovim with blocks of the page as `init.lua`."""
    program = support.require_tool(name)
    init = shop.parent.parent / "init.lua"
    init.write_text("".join(set_up("Neovim", "lua", one) for one in (block, *more)))
    command = [program, "--headless", "-i", "NONE", "-n", "-u", init, shop.name, "-S", SCRIPTS / "neovim.lua"]
    return seen_by(command, shop, environment)


def in_emacs(shop: Path, environment: dict[str, str]) -> dict[str, Any]:
    """What is seen in Emacs with the lines of the page as `init.el`."""
    init = shop.parent.parent / "init.el"
    init.write_text(set_up("Emacs", "elisp"))
    program = support.require_tool("emacs")
    command = [program, "--batch", "-f", "package-initialize", "-l", init, shop.name, "-l", SCRIPTS / "emacs.el"]
    return seen_by(command, shop, environment)


def test_a_client_without_an_editor(
    applc: support.Applc, shop: Path, as_expected: Callable[[dict[str, Any]], None]
) -> None:
    uri = shop.as_uri()
    document = {"uri": uri}

    def changes(edit: dict[str, Any]) -> list[dict[str, Any]]:
        (change,) = edit["documentChanges"]
        assert change["textDocument"]["uri"] == uri
        edits: list[dict[str, Any]] = change["edits"]
        return edits

    seen: dict[str, Any] = {}
    with lsp_client.Client(applc.binary, shop.parent) as client:

        def at(text: str, what: str, more: int) -> dict[str, Any]:
            return {"textDocument": document, "position": lsp_client.position(text, text.index(what) + more)}

        # An editor may not know the language.
        client.notify("textDocument/didOpen", textDocument={**document, "languageId": "", "version": 1, "text": SHOP})
        errors = client.found(uri, errors=True)
        seen["findings"] = [
            [error["code"], SHOP[slice(*(lsp_client.offset(SHOP, error["range"][side]) for side in ("start", "end")))]]
            for error in errors
        ]
        actions = client.request(
            "textDocument/codeAction", textDocument=document, range=errors[0]["range"],
            context={"diagnostics": errors, "only": ["quickfix"]},
        )
        seen["fixed"] = fixed = lsp_client.edited(SHOP, changes(actions[0]["edit"]))
        client.notify(
            "textDocument/didChange", textDocument={**document, "version": 2}, contentChanges=[{"text": fixed}]
        )
        client.found(uri, errors=False)

        seen["hover"] = client.request("textDocument/hover", **at(fixed, '"network_mode"', 2))["contents"]["value"]
        definition = client.request("textDocument/definition", **at(fixed, "@store", 2))
        place = definition[0] if isinstance(definition, list) else definition
        place = place.get("targetSelectionRange") or place["range"]
        seen["definition"] = fixed[lsp_client.offset(fixed, place["start"]) :]
        edits = changes(client.request("textDocument/rename", **at(fixed, "@store", 2), newName="cache"))
        seen["renamed"] = renamed = lsp_client.edited(fixed, edits)
        client.notify(
            "textDocument/didChange", textDocument={**document, "version": 3}, contentChanges=[{"text": renamed}]
        )
        # Back by a rename, as there is nothing to undo.
        edits = changes(client.request("textDocument/rename", **at(renamed, "@cache", 2), newName="store"))
        seen["undone"] = lsp_client.edited(renamed, edits)
        client.notify(
            "textDocument/didChange", textDocument={**document, "version": 4}, contentChanges=[{"text": seen["undone"]}]
        )
        completion = client.request("textDocument/completion", **at(fixed, "@store", 1))
        items = completion if isinstance(completion, list) else completion["items"]
        seen["completion"] = [item["label"] for item in items]
        symbols = client.request("textDocument/documentSymbol", textDocument=document)
        seen["symbols"] = re.findall(r'"name": "(\w+)"', json.dumps(symbols))
        preview = f"applc-preview:/compose/compose.yaml?source={uri}"
        seen["preview"] = client.request("workspace/textDocumentContent", uri=preview)["text"]
    as_expected(seen)


def test_formatting_in_a_client_without_an_editor(applc: support.Applc, untidy: Path) -> None:
    before, after = UNTIDY[untidy.name]
    document = {"uri": untidy.as_uri()}
    with lsp_client.Client(applc.binary, untidy.parent) as client:
        client.notify("textDocument/didOpen", textDocument={**document, "languageId": "", "version": 1, "text": before})
        # Settings of an editor do not count.
        options = {"tabSize": 8, "insertSpaces": False}
        edits = client.request("textDocument/formatting", textDocument=document, options=options)
    assert lsp_client.edited(before, edits) == after


def test_formatting_in_old_neovim(untidy: Path, environment: dict[str, str]) -> None:
    seen = in_neovim("nvim-debian", 2, untidy, environment | {"ONLY_FORMATTING": "1"})
    assert seen["formatted"] == UNTIDY[untidy.name][1]


@pytest.mark.editors
def test_formatting_in_new_neovim(untidy: Path, environment: dict[str, str]) -> None:
    seen = in_neovim("nvim-new", 0, untidy, environment | {"ONLY_FORMATTING": "1"})
    assert seen["formatted"] == UNTIDY[untidy.name][1]


def test_the_end_as_kate_asks_for_it(applc: support.Applc, tmp_path: Path) -> None:
    client = lsp_client.Client(applc.binary, tmp_path)
    try:
        # Kate sends an object with every request; without parameters, an empty one.
        client.send({"id": 99, "method": "shutdown", "params": {}})
        answer = client.take("shutdown")
        assert answer == {"jsonrpc": "2.0", "id": 99, "result": None}
        client.notify("exit")
        assert client.process.wait(timeout=10) == 0
    finally:
        client.process.kill()


def test_old_neovim(shop: Path, environment: dict[str, str], as_expected: Callable[[dict[str, Any]], None]) -> None:
    as_expected(in_neovim("nvim-debian", 2, shop, environment))


def test_findings_of_other_files_in_old_neovim(faulty: Path, environment: dict[str, str]) -> None:
    seen = in_neovim("nvim-debian", 2, faulty, environment | {"ONLY_FINDINGS": "1"})
    assert seen == {"findings": [FAULTS[faulty.name][1]]}


@pytest.mark.editors
def test_new_neovim(shop: Path, environment: dict[str, str], as_expected: Callable[[dict[str, Any]], None]) -> None:
    as_expected(in_neovim("nvim-new", 0, shop, environment))


@pytest.mark.editors
def test_previews_in_new_neovim(
    shop: Path, environment: dict[str, str], as_expected: Callable[[dict[str, Any]], None]
) -> None:
    seen = in_neovim("nvim-new", 0, shop, environment, 1)
    as_expected(seen)
    assert seen["shown"] == seen["preview"]
    assert (seen["kind"], seen["modifiable"]) == ("yaml", False)
    assert "shop/web:1.4" in seen["field"]
    assert seen["line"].strip() == "image: shop/web:1.4"


@pytest.mark.editors
def test_findings_of_other_files_in_new_neovim(faulty: Path, environment: dict[str, str]) -> None:
    seen = in_neovim("nvim-new", 0, faulty, environment | {"ONLY_FINDINGS": "1"})
    assert seen == {"findings": [FAULTS[faulty.name][1]]}


@pytest.mark.editors
def test_emacs(shop: Path, environment: dict[str, str], as_expected: Callable[[dict[str, Any]], None]) -> None:
    as_expected(in_emacs(shop, environment))


@pytest.mark.editors
def test_findings_of_other_files_in_emacs(faulty: Path, environment: dict[str, str]) -> None:
    seen = in_emacs(faulty, environment | {"ONLY_FINDINGS": "1"})
    assert seen == {"findings": [FAULTS[faulty.name][1]]}
