"""The schemas for plain editors, read by the tools behind them: vscode-json-languageservice, yaml-language-server
and taplo. What they say agrees with applc, and what they show reads well: `editors/shown.txt`."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

import support

FOLDER = Path(__file__).parent / "editors"
SHOWN = FOLDER / "shown.txt"
SCHEMAS = ["appliance", "overlay", "project", "target"]

# One place of a document: `«hover»` or `«complete»`, which is not part of it.
PLACE = re.compile("«(hover|complete)»")

# applc says in one finding what the schema says of each field: that the file is a container without an appliance, that
# a field has the name or the form of another tool, which is then not missing, or that fields lack their indentation.
FEWER = {
    "container-alone.json",
    "container-alone-in-yaml.yaml",
    "fields-without-their-indentation.yaml",
    "health-check-of-compose.yaml",
    "ports-of-compose-as-objects.yaml",
    "twins-of-compose.yaml",
}


@pytest.fixture
def editors(applc: support.Applc, tmp_path: Path) -> Editors:
    """The tools, and the printed schemas in `.applc`."""
    return Editors(applc, tmp_path)


class Editors:
    """The tools, in a folder with the printed schemas."""

    def __init__(self, applc: support.Applc, folder: Path) -> None:
        self.packages = support.TOOLS / "editors"
        if not (self.packages / "installed.json").is_file():
            support.missing("the tools behind editors", "run .ci/install/editors")
        self.node = support.require_tool("node")
        self.folder = folder
        (folder / ".applc").mkdir()
        for schema in SCHEMAS:
            printed = applc("schema", schema)
            assert printed.code == 0
            (folder / ".applc" / f"{schema}.json").write_text(printed.stdout)

    def ask(
        self, documents: list[dict[str, Any]], schemas: dict[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """What the tools answer to documents with `path`, `text`, and `ask`. `schemas` are paths by pattern."""
        run = subprocess.run(
            [self.node, FOLDER / "ask.mjs", self.packages],
            input=json.dumps({"schemas": schemas or {}, "documents": documents}),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert run.returncode == 0, run.stderr[-2000:]
        return json.loads(run.stdout)


def findings(applc: support.Applc, files: list[Path], *options: str) -> dict[str, list[Any]]:
    """The findings of applc, by file."""
    found = defaultdict(list)
    report = json.loads(applc("check", "--format", "json", *options, *files).stdout)
    for finding in report["diagnostics"]:
        found[finding["file"]].append(finding)
    return found


def line(finding: dict[str, Any]) -> int:
    """The line of a finding."""
    return finding["span"]["start"]["line"]


def errors(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The errors in an answer: deprecated fields are warnings."""
    return [error for error in answer["errors"] if error["severity"] == 1]


def test_errors_of_appliances_are_those_of_applc(applc: support.Applc, editors: Editors) -> None:
    """At the same lines, and none in a file without an error that the schema knows."""
    faulty = support.appliances_in("tests/diagnostics/schema")
    project = (support.ROOT / "examples" / "project").glob("apps/**/*.appliance.*")
    files = [*support.examples(), *support.corpus(), *faulty, *project]
    found = findings(applc, files)
    documents = [{"path": str(file), "text": file.read_text()} for file in files]
    schemas = {f"*{ending}": ".applc/appliance.json" for ending in support.APPLIANCE_ENDINGS}
    wrong, counts = [], [0, 0]
    for file, answer in zip(files, editors.ask(documents, schemas), strict=True):
        if any(finding["code"][1:3] == "01" for finding in found[str(file)]):
            # The tools have their own errors of syntax.
            continue
        ours = {line(finding) for finding in found[str(file)] if finding["code"].startswith("E02")}
        theirs = {error["line"] for error in errors(answer)}
        if ours != theirs and not (ours and theirs and file.name in FEWER):
            wrong.append((file.name, sorted(ours), errors(answer)))
        counts[bool(ours)] += 1
    assert not wrong, wrong
    assert min(counts) > 100, counts


def test_errors_of_projects_and_targets_are_those_of_applc(
    applc: support.Applc, editors: Editors
) -> None:
    """taplo finds an error where the schema does, and none in a valid file."""
    faulty = sorted((support.ROOT / "tests/diagnostics/project").glob("*.toml"))
    targets = sorted((support.ROOT / "examples/targets").glob("*/target.toml"))
    projects = [support.ROOT / "examples/project/applc.toml"]
    documents = []
    for schema, files in [("project", faulty), ("target", targets), ("project", projects)]:
        for file in files:
            # As the only line above the text, so that lines are those of the file and one.
            text = f"#:schema ./.applc/{schema}.json\n{file.read_text()}"
            documents.append({"path": f"{schema}-{len(documents)}.toml", "text": text})
    answers = editors.ask(documents)
    expected = {file.stem: file.with_suffix(".expected").read_text() for file in faulty}
    wrong = []
    for file, answer in zip([*faulty, *targets, *projects], answers, strict=True):
        text = expected.get(file.stem, "")
        lines = {int(line) for line in re.findall(r"^ +--> [^:]+:(\d+)", text, re.MULTILINE)}
        # Custom targets have other names, a code can be in two lists, and patterns have a syntax.
        beyond = {"target-unknown", "level-twice", "key-twice", "not-toml"}
        # taplo reports an unknown key at its table, and an invalid one at each entry of its table.
        found = {
            error["line"] - 1
            for error in errors(answer)
            if not re.match('Additional properties|"a/b"', error["message"])
        }
        is_same = bool(lines) == bool(errors(answer)) and found <= lines
        if file.stem not in beyond and not is_same:
            wrong.append((str(file), sorted(lines), errors(answer)))
    assert not wrong, wrong
    assert len(documents) > 12


def test_a_file_can_name_its_schema(applc: support.Applc, editors: Editors) -> None:
    """With the lines of the documentation, which applc ignores."""
    page = (support.ROOT / "docs" / "schemas.md").read_text()
    first = {
        form: re.search(rf"```{form}\n(\S+:? \S+ ?\S*)\n```", page).group(1)
        for form in ["json", "yaml", "toml"]
    }
    assert '"$schema": "./.applc/appliance.json",' == first["json"]
    service = '"id": "web", "type": "service", "image": "nginx:1.27", "resources": {"cpus": 1, "mem": 64}'
    good = {
        "a.json": f'{{ {first["json"]}\n "id": "a", "containers": [{{ {service} }}] }}\n',
        "a.yaml": f"{first['yaml']}\nid: a\ncontainers:\n- {{ {service} }}\n",
        "applc.toml": f'{first["toml"]}\ndefault-targets = ["compose"]\n',
    }
    bad = {
        "b.json": good["a.json"].replace('"mem": 64', '"mem": 0'),
        "b.yaml": good["a.yaml"].replace('"mem": 64', '"mem": 0'),
        "b/applc.toml": good["applc.toml"].replace("./", "../").replace('["compose"]', "5"),
    }
    texts = good | bad
    answers = editors.ask([{"path": path, "text": text} for path, text in texts.items()])
    assert [bool(errors(answer)) for answer in answers] == [False] * 3 + [True] * 3, answers
    for name, text in good.items():
        (editors.folder / name).write_text(text)
    files = [editors.folder / name for name in good if name != "applc.toml"]
    assert all(applc("check", file).code == 0 for file in files)


def test_settings_of_the_documentation_choose_the_schema(editors: Editors) -> None:
    """Those of VS Code, whose patterns yaml-language-server and taplo read in other editors, too."""
    page = (support.ROOT / "docs" / "schemas.md").read_text()
    settings = json.loads(re.search(r"<!-- settings -->\n```json\n(.*?)```", page, re.DOTALL).group(1))
    schemas = {
        pattern: entry["url"] for entry in settings["json.schemas"] for pattern in entry["fileMatch"]
    }
    for url, patterns in settings["yaml.schemas"].items():
        schemas |= {pattern: url for pattern in patterns}
    assert set(schemas.values()) == {"./.applc/appliance.json"}
    names = ["x.appliance.json", "x.appliance.jsonc", "x.appliance.yaml", "x.appliance.yml"]
    texts = ['{ "id": 5 }' if "json" in name else "id: 5\n" for name in names]
    documents = [
        {"path": path, "text": text}
        for name, text in zip(names, texts, strict=True)
        for path in (name, name.replace(".appliance", ""))
    ]
    answers = editors.ask(documents, schemas)
    assert [bool(errors(answer)) for answer in answers] == [True, False] * 4, answers
    associations = settings["evenBetterToml.schema.associations"]
    assert re.match(next(iter(associations)), "/x/applc.toml")


DOCUMENTS = {
    "a.appliance.json": """{
  "$schema": "./.applc/appliance.json",
  "id": "sh«hover»op",
  "containers": [
    {
      "id": "web",
      "type": "serv«hover»ice",
      "im«hover»age": "nginx:1.27",
      "resources": { "cpus": 0.5, "mem": 256 },
      "network_m«hover»ode": "«complete»",
      "ports": [«complete»],
      "volumes": [«complete»],
      "health_check": { "protocol": "HT«hover»TP" },
      «complete»
    },
    «complete»
  ]
}
""",
    "b.appliance.yaml": """# yaml-language-server: $schema=./.applc/appliance.json
id: shop
containers:
  - id: web
    ty«hover»pe: service
    image: nginx:1.27
    resources: { cpus: 0.5, mem: 256 }
    network_mode: «complete»
    inst«hover»ances: 2
    «complete»
  - «complete»
data_persistence:
  volu«hover»me_type: nfs
  volumes:
    - id: data
      sc«hover»ope: local
""",
    "c.yaml": """# yaml-language-server: $schema=./.applc/overlay.json
containers:
  web:
    inst«hover»ances: 4
    «complete»
""",
    "applc.toml": """#:schema ./.applc/project.json
out«hover»put = "manifests/{target}"
«complete»
[targets.kuber«hover»netes]
exp«hover»ose = "load-balancer"
«complete»
[diagnostics]
allow = ["W03«hover»01"]
""",
    "target.toml": """#:schema ./.applc/target.json
applc = 1
«complete»
[names]
cl«hover»ean = "low«hover»er"
«complete»
[options.engine]
type = "fl«hover»ag"
«complete»
""",
}


def shown(path: str, text: str, editors: Editors) -> str:
    """What an editor shows at the places in a document."""
    plain = PLACE.sub("", text)
    asked, labels = [], []
    for place in PLACE.finditer(text):
        before = PLACE.sub("", text[: place.start()])
        lines = before.split("\n")
        asked.append({"what": place[1], "line": len(lines) - 1, "character": len(lines[-1])})
        source = plain.split("\n")[len(lines) - 1].strip()
        labels.append(f"{path}:{len(lines)} {place[1]} `{source}`")
    (answer,) = editors.ask([{"path": path, "text": plain, "ask": asked}])
    parts = []
    for label, found in zip(labels, answer["answers"], strict=True):
        if isinstance(found, str):
            # yaml-language-server ends with the place of the schema.
            body = re.sub(r"\n\nSource: .*", "", found)
        else:
            assert found, label
            # taplo also offers the keys of tables inside. Of a text, the start says whose it is.
            items = sorted(
                {
                    (item["label"], item["insert"], item["text"].split("\n")[0][:60])
                    for item in found
                    if "." not in item["label"]
                }
            )
            body = "\n".join(f"{name}: {json.dumps(insert)}\n    {about}" for name, insert, about in items)
        parts.append(f"== {label}\n\n{body.strip()}\n")
    return "\n".join(parts)


def test_what_editors_show_reads_well(editors: Editors) -> None:
    """A person has read it: run with UPDATE_EXPECTED=1, and read what changes."""
    found = "\n".join(shown(path, text, editors) for path, text in DOCUMENTS.items())
    if os.environ.get("UPDATE_EXPECTED"):
        SHOWN.write_text(found)
    assert "spark" not in found and "cephfs\"" not in found
    assert found == SHOWN.read_text()
