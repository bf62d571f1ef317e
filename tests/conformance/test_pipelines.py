"""The files for pipelines: judged by the published schemas, and their commands run as the services run them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import threading
import tomllib
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

import kube_schemas
from kube_api import documents
from support import ROOT, Applc, require_tool

EXAMPLE = ROOT / "examples" / "project"
SCHEMAS = [
    ("vendor.github-actions", ROOT / "action.yml"),
    ("vendor.github-workflows", ROOT / ".github/workflows/release.yml"),
    ("vendor.github-workflows", EXAMPLE / ".github/workflows/applc.yml"),
    ("vendor.github-workflows", EXAMPLE / ".github/workflows/changes.yml"),
    ("vendor.gitlab-ci", EXAMPLE / ".gitlab-ci.yml"),
]
SHOP = "apps/storefront/shop.appliance.yaml"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize(("schema", "path"), SCHEMAS, ids=[path.relative_to(ROOT).as_posix() for _, path in SCHEMAS])
def test_the_published_schema_accepts_the_file(schema: str, path: Path) -> None:
    transform = ["--data-transform", "gitlab-ci"] if schema == "vendor.gitlab-ci" else []
    tool = require_tool("check-jsonschema")
    judged = subprocess.run([tool, "--builtin-schema", schema, *transform, path], capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the example, as a checkout that a pipeline works in."""
    folder = tmp_path / "checkout"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".applc-cache"))
    (folder / ".git").mkdir()
    return folder


@pytest.fixture
def run(applc: Applc, checkout: Path) -> Run:
    """`run(script, VARIABLE=value)` runs a script in the checkout as GitHub, GitLab and Argo CD do."""
    path = f"{applc.binary.parent}:/usr/bin:/bin"

    def start(script: str, *, shell: str = "bash", folder: str = ".", **variables: str) -> Any:
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        return subprocess.run(
            command if shell == "bash" else [shell, "-c", script], cwd=checkout / folder,
            env={"PATH": path, **variables}, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    return start


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


class Action:
    """The steps of action.yml, run one after the other."""

    def __init__(self, run: Run, folder: Path, server: str) -> None:
        self.steps = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
        self.run = run
        self.contexts = {"github.action_repository": "owner/applc", "github.action_ref": "v9.9.9"}
        self.variables = {
            "RUNNER_OS": "Linux", "RUNNER_ARCH": "X64", "RUNNER_TEMP": str(folder), "GITHUB_SERVER_URL": server,
            "GITHUB_PATH": str(folder / "path"), "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        }  # fmt: skip
        self.inputs = {"version": "", "path": ".", "arguments": "", "up-to-date": "true"}

    def __call__(self, name: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        contexts = self.contexts | {f"inputs.{key}": value for key, value in {**self.inputs, **inputs}.items()}
        (step,) = [step for step in self.steps if step["name"] == name]
        assert step["shell"] == "bash" and "${{" not in step["run"]
        fill = partial(re.sub, r"\$\{\{ ([a-z._-]+) \}\}", lambda found: contexts[found[1]])
        return self.run(step["run"], **self.variables, **{key: fill(text) for key, text in step.get("env", {}).items()})


@pytest.fixture
def action(run: Run, applc: Applc, tmp_path: Path) -> Iterator[Action]:
    """The action, beside a server with a release of the program."""
    folder = tmp_path / "site/owner/applc/releases/download/v9.9.9"
    folder.mkdir(parents=True)
    archive = folder / "applc-x86_64-unknown-linux-musl.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(applc.binary, "applc")
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    (folder / f"{archive.name}.sha256").write_text(f"{digest}  {archive.name}\n")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    site = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "site")))
    threading.Thread(target=site.serve_forever, daemon=True).start()
    (tmp_path / "runner").mkdir()
    yield Action(run, tmp_path / "runner", f"http://127.0.0.1:{site.server_port}")
    site.shutdown()
    site.server_close()


def test_the_action_installs_a_release(action: Action, tmp_path: Path) -> None:
    done = action("Install applc")
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "runner/path").read_text().splitlines()
    version = subprocess.run([f"{folder}/applc", "--version"], capture_output=True, text=True)
    assert version.stdout.startswith("applc "), version
    # A release that is not there, and an archive that is not what was published.
    assert action("Install applc", version="v0.0.0").returncode != 0
    (archive,) = tmp_path.rglob("download/v9.9.9/*.gz")
    archive.write_bytes(b"something else")
    done = action("Install applc")
    assert done.returncode != 0 and "FAILED" in done.stdout, done


def test_the_action_passes_on_what_is_current(action: Action, tmp_path: Path) -> None:
    for name in ("Check appliances", "Check that generated files are up to date"):
        done = action(name)
        assert (done.returncode, done.stdout) == (0, ""), done
    assert not (tmp_path / "runner/summary").exists()


def test_the_action_annotates_findings(action: Action, checkout: Path) -> None:
    edit(checkout / SHOP, "@api:9000", "@apii:9000")
    done = action("Check appliances")
    assert done.returncode == 1
    assert done.stdout.startswith(f"::error file={SHOP},line=10,"), done.stdout
    # Paths are those of the repository, also if the project is in a folder of it.
    inner = checkout / "deploy"
    inner.mkdir()
    for name in ("apps", "applc.toml", "manifests"):
        (checkout / name).rename(inner / name)
    done = action("Check appliances", path="deploy")
    assert done.stdout.startswith(f"::error file=deploy/{SHOP},line=10,"), done.stdout
    # Faults are not reported as files that are out of date.
    done = action("Check that generated files are up to date", path="deploy")
    assert done.returncode == 1 and "out of date" not in done.stdout, done


def test_the_action_shows_what_is_out_of_date(action: Action, checkout: Path, tmp_path: Path) -> None:
    edit(checkout / "applc.toml", '"2.4.1"', '"2.4.2"')
    done = action("Check that generated files are up to date")
    assert done.returncode == 4
    assert done.stdout.startswith("::error title=generated files are out of date::"), done.stdout
    assert "stale     manifests/prod/kubernetes/apps/storefront/shop/kubernetes.yaml\n" in done.stdout
    summary = (tmp_path / "runner/summary").read_text("utf-8")
    assert "+          image: registry.example.org/shop/api:2.4.2\n" in summary, summary


def test_a_release_has_the_version_of_its_tag_and_notes(tmp_path: Path) -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))["jobs"]
    (script,) = [step["run"] for step in jobs["version"]["steps"] if "run" in step]
    shutil.copy(ROOT / "Cargo.toml", tmp_path)
    version = tomllib.loads((ROOT / "Cargo.toml").read_text("utf-8"))["workspace"]["package"]["version"]
    changes = tmp_path / "CHANGELOG.md"

    def release(tag: str, notes: str) -> subprocess.CompletedProcess[str]:
        changes.write_text(f"# Changelog\n\n## Unreleased\n\n- Next.\n\n{notes}\n## 0.0.1\n\n- Old.\n")
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "GITHUB_REF_NAME": tag}, capture_output=True, text=True,
        )  # fmt: skip

    for heading in (f"## {version}", f"## {version} (2030-01-31)"):
        done = release(f"v{version}", f"{heading}\n\n- New.\n")
        assert done.returncode == 0, done.stdout + done.stderr
        assert (tmp_path / "notes.md").read_text().strip() == "- New."
    done = release("v99.0.0", "## 99.0.0\n\n- New.\n")
    assert done.returncode == 1 and f"::error file=Cargo.toml::the tag is v99.0.0, and the version {version}" in done.stdout
    for notes in ("", f"## {version}\n", f"## {version}1\n\n- New.\n"):
        done = release(f"v{version}", notes)
        assert done.returncode == 1 and "::error file=CHANGELOG.md::there are no notes" in done.stdout, done


def gitlab() -> tuple[str, str]:
    """The script of the job, and the path of its report."""
    job = yaml.safe_load((EXAMPLE / ".gitlab-ci.yml").read_text("utf-8"))["applc"]
    return "\n".join(job["script"]), job["artifacts"]["reports"]["codequality"]


def test_the_job_of_gitlab_fails_on_faults_and_on_files_out_of_date(run: Run, checkout: Path) -> None:
    script, report = gitlab()
    done = run(script)
    assert done.returncode == 0, done.stderr
    assert json.loads((checkout / report).read_text("utf-8")) == []
    edit(checkout / "applc.toml", '"2.4.1"', '"2.4.2"')
    assert run(script).returncode == 4
    edit(checkout / SHOP, "@api:9000", "@apii:9000")
    assert run(script).returncode == 1
    (found,) = json.loads((checkout / report).read_text("utf-8"))
    # What GitLab requires of each finding.
    assert found["location"] == {"path": SHOP, "lines": {"begin": 10, "end": 10}}
    assert found["severity"] in {"info", "minor", "major", "critical", "blocker"}
    assert all(isinstance(found[key], str) and found[key] for key in ("description", "check_name", "fingerprint"))


def commit(run: Run) -> str:
    """Commits all of the checkout, and returns the hash."""
    identity = "-c user.name=Ada -c user.email=ada@example.org"
    done = run(f"git init -q -b main && git add . && git {identity} commit -q -m all && git rev-parse HEAD")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def stand_in(folder: Path, name: str, path: str) -> str:
    """A program that notes its arguments, and the file that one of them names. Returns the `PATH` with it."""
    folder.mkdir()
    program = folder / name
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >"{folder}/arguments"\ncat "{path}" >"{folder}/body"\n')
    program.chmod(0o755)
    return str(folder)


def test_the_workflow_comments_on_a_pull_request(run: Run, applc: Applc, checkout: Path, tmp_path: Path) -> None:
    workflow = yaml.safe_load((EXAMPLE / ".github/workflows/changes.yml").read_text("utf-8"))
    (script,) = [step["run"] for step in workflow["jobs"]["comment"]["steps"] if "run" in step]
    assert workflow["permissions"] == {"contents": "read", "pull-requests": "write"}
    head = commit(run)
    run(f"git update-ref refs/remotes/origin/main {head}")
    temporary = tmp_path / "runner"
    temporary.mkdir()
    tools = stand_in(tmp_path / "tools", "gh", str(temporary / "changes.md"))
    variables = {
        "PATH": f"{tools}:{applc.binary.parent}:/usr/bin:/bin", "NUMBER": "7", "GITHUB_BASE_REF": "main",
        "RUNNER_TEMP": str(temporary),
    }  # fmt: skip
    body, arguments = tmp_path / "tools/body", tmp_path / "tools/arguments"
    assert run(script, **variables).returncode == 0
    assert "Nothing changes." in body.read_text("utf-8")
    edit(checkout / "applc.toml", '"2.4.1"', '"2.4.2"')
    done = run(script, **variables)
    assert done.returncode == 0, done.stderr
    assert "image `2.4.1` -> `2.4.2`" in body.read_text("utf-8")
    assert arguments.read_text("utf-8").split()[:3] == ["pr", "comment", "7"]
    # Faults are no comment.
    arguments.unlink()
    edit(checkout / SHOP, "@api:9000", "@apii:9000")
    assert run(script, **variables).returncode == 1
    assert not arguments.exists()


def test_the_job_of_gitlab_comments_on_a_merge_request(run: Run, applc: Applc, checkout: Path, tmp_path: Path) -> None:
    job = yaml.safe_load((EXAMPLE / ".gitlab-ci.yml").read_text("utf-8"))["applc-changes"]
    script = "\n".join(job["script"])
    tools = stand_in(tmp_path / "tools", "curl", "changes.md")
    variables = {
        "PATH": f"{tools}:{applc.binary.parent}:/usr/bin:/bin", "CI_MERGE_REQUEST_DIFF_BASE_SHA": commit(run),
        "NOTES_TOKEN": "secret", "CI_API_V4_URL": "https://git.example.org/api/v4", "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "7",
    }  # fmt: skip
    edit(checkout / "applc.toml", '"2.4.1"', '"2.4.2"')
    done = run(script, **variables)
    assert done.returncode == 0, done.stderr
    assert "image `2.4.1` -> `2.4.2`" in (tmp_path / "tools/body").read_text("utf-8")
    arguments = (tmp_path / "tools/arguments").read_text("utf-8").splitlines()
    assert arguments[-1] == "https://git.example.org/api/v4/projects/3/merge_requests/7/notes"
    (tmp_path / "tools/arguments").unlink()
    edit(checkout / SHOP, "@api:9000", "@apii:9000")
    assert run(script, **variables).returncode == 1
    assert not (tmp_path / "tools/arguments").exists()


@pytest.mark.parametrize("pipeline", ["github", "gitlab"])
def test_locked_digests_must_be_complete_in_pipelines(pipeline: str, action: Action, run: Run, checkout: Path) -> None:
    (checkout / "applc.lock").write_text("version = 1\n\n[images]\n")
    done = action("Check that generated files are up to date") if pipeline == "github" else run(gitlab()[0])
    assert done.returncode == 1 and "W1201" in done.stdout + done.stderr, done


def test_argo_cd_finds_each_folder_with_files(checkout: Path) -> None:
    path = EXAMPLE / "argocd/applications.yaml"
    (generator,) = yaml.safe_load(path.read_text("utf-8"))["spec"]["generators"]
    (pattern,) = [each["path"] for each in generator["git"]["directories"]]
    found = {path for path in checkout.glob(pattern) if path.is_dir()}
    assert found == {path.parent for path in (checkout / "manifests/prod/kubernetes").rglob("*.yaml")} != set()


JOB = """
---
apiVersion: batch/v1
kind: Job
metadata: { name: migrate, namespace: shop-prod }
spec: { template: { spec: { restartPolicy: Never, containers: [{ name: migrate, image: "busybox:1.37" }] } } }
"""


def annotations(built: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The annotations of the metadata of each kind."""
    assert built.returncode == 0, built.stderr
    return {item["kind"]: item["metadata"].get("annotations") for item in documents(built.stdout)}


def test_argo_cd_replaces_jobs_that_change(run: Run, checkout: Path) -> None:
    folder = checkout / "manifests/prod/kubernetes/apps/storefront/shop"
    shutil.copy(EXAMPLE / "argocd/kustomization.yaml", folder)
    # applc leaves the file alone.
    assert run("applc compile --check").returncode == 0
    with (folder / "kubernetes.yaml").open("a") as file:
        file.write(JOB)
    built = subprocess.run([require_tool("kubectl"), "kustomize", folder], capture_output=True, text=True)
    found = annotations(built)
    assert found.pop("Job") == {"argocd.argoproj.io/sync-options": "Force=true,Replace=true"}
    assert not any(found.values())


def test_the_plugin_of_argo_cd_makes_all_or_fails(run: Run, checkout: Path) -> None:
    plugin = yaml.safe_load((EXAMPLE / "argocd/plugin.yaml").read_text("utf-8"))["spec"]
    *command, script = plugin["generate"]["command"] + plugin["generate"]["args"]
    assert command == ["sh", "-c"]
    glob = plugin["discover"]["find"]["glob"]
    assert {path.parent.name for path in checkout.rglob(glob)} == {"storefront", "data"}

    # The shell of the sidecar.
    shells = checkout.parent / "busybox"
    shells.mkdir()
    (shells / "sh").symlink_to("/bin/busybox")

    def generate(folder: str = "apps/storefront", **variables: str) -> Any:
        return run(script, shell=str(shells / "sh"), folder=folder, **variables)

    done = generate(ARGOCD_ENV_ENVIRONMENT="prod")
    assert done.returncode == 0, done.stderr
    objects = documents(done.stdout)
    assert {item["metadata"].get("namespace") for item in objects} == {None, "shop-prod", "search-prod"}
    committed = [
        item
        for path in (checkout / "manifests/prod/kubernetes/apps/storefront").rglob("*.yaml")
        for item in documents(path.read_text("utf-8"))
    ]
    assert sorted(map(json.dumps, objects)) == sorted(map(json.dumps, committed))
    # Argo CD removes what blank output does not contain: whatever is wrong, there is none with success.
    failures = [
        generate(),
        generate(ARGOCD_ENV_ENVIRONMENT=""),
        generate(ARGOCD_ENV_ENVIRONMENT="prd"),
        generate("manifests", ARGOCD_ENV_ENVIRONMENT="prod"),
        generate(ARGOCD_ENV_ENVIRONMENT="prod", PATH="/usr/bin:/bin"),
        generate(ARGOCD_ENV_ENVIRONMENT="prod", TMPDIR="/nowhere"),
    ]
    # Argo CD can be told to send a plugin a part of the repository.
    (checkout / "applc.toml").rename(checkout / "hidden")
    failures.append(generate(ARGOCD_ENV_ENVIRONMENT="prod"))
    (checkout / "hidden").rename(checkout / "applc.toml")
    edit(checkout / SHOP, "@api:9000", "@apii:9000")
    failures.append(generate(ARGOCD_ENV_ENVIRONMENT="prod"))
    for done in failures:
        assert done.returncode != 0 and done.stdout == "" and done.stderr, done


# The parts of Argo CD's own Deployment that the patch relies on.
REPO_SERVER = """
apiVersion: apps/v1
kind: Deployment
metadata: { name: argocd-repo-server, namespace: argocd }
spec:
  selector: { matchLabels: { app.kubernetes.io/name: argocd-repo-server } }
  template:
    metadata: { labels: { app.kubernetes.io/name: argocd-repo-server } }
    spec:
      containers:
        - name: argocd-repo-server
          image: quay.io/argoproj/argocd:v3.4.1
          volumeMounts: [{ name: tmp, mountPath: /tmp }]
      volumes:
        - { name: tmp, emptyDir: {} }
        - { name: var-files, emptyDir: {} }
        - { name: plugins, emptyDir: {} }
"""


def test_the_patch_adds_the_sidecar_to_the_repository_server_of_argo_cd(tmp_path: Path) -> None:
    (tmp_path / "server.yaml").write_text(REPO_SERVER)
    shutil.copy(EXAMPLE / "argocd/repo-server.yaml", tmp_path)
    patched = {"resources": ["server.yaml"], "patches": [{"path": "repo-server.yaml"}]}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(patched))
    built = subprocess.run([require_tool("kubectl"), "kustomize", tmp_path], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (server,) = documents(built.stdout)
    assert kube_schemas.problems([server]) == []
    pod = server["spec"]["template"]["spec"]
    assert {each["name"] for each in pod["containers"]} == {"argocd-repo-server", "applc"}
    mounted = {mount["name"] for each in pod["containers"] for mount in each["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_flux_can_apply_the_folder_of_an_environment(checkout: Path) -> None:
    """Flux lists all files below the path in a kustomization, where there is none."""
    (kustomization,) = [
        item for item in yaml.safe_load_all((EXAMPLE / "flux/prod.yaml").read_text("utf-8"))
        if item["kind"] == "Kustomization"
    ]  # fmt: skip
    folder = checkout / kustomization["spec"]["path"]
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert len(files) == 2
    with (folder / files[0]).open("a") as file:
        file.write(JOB)
    patches = kustomization["spec"]["patches"]
    (folder / "kustomization.yaml").write_text(yaml.safe_dump({"resources": files, "patches": patches}))
    built = subprocess.run([require_tool("kubectl"), "kustomize", folder], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    made = [item for name in files for item in documents((folder / name).read_text("utf-8"))]
    assert len(documents(built.stdout)) == len(made)
    found = annotations(built)
    assert found.pop("Job") == {"kustomize.toolkit.fluxcd.io/force": "enabled"}
    for kind in ("Namespace", "PersistentVolumeClaim"):
        assert found.pop(kind) == {"kustomize.toolkit.fluxcd.io/prune": "disabled"}
    assert not any(found.values())


@pytest.fixture(scope="module")
def wheels(applc: Applc, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel of the program, and what pip requires to install an empty package."""
    folder = tmp_path_factory.mktemp("wheels")
    release = ["--release"] if applc.binary.parent.name == "release" else []
    build = [require_tool("maturin"), "build", "--locked", "--out", folder, *release]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    python = require_tool("pre-commit").resolve().with_name("python")
    subprocess.run([python, "-m", "pip", "download", "--quiet", "--dest", folder, "setuptools", "wheel"], check=True)
    return folder


@pytest.mark.wheel
def test_the_hooks_of_pre_commit_work_with_the_wheel(wheels: Path, checkout: Path, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    shutil.copytree(ROOT / "pre-commit", hooks)
    names = [hook["id"] for hook in yaml.safe_load((hooks / ".pre-commit-hooks.yaml").read_text("utf-8"))]
    assert names == ["applc-check", "applc-compile", "applc-up-to-date"]
    (checkout / ".git").rmdir()
    # No compiler is found, and no index is asked: what is installed is the wheel.
    environment = {
        "PATH": f"{require_tool('pre-commit').resolve().parent}:/usr/bin:/bin", "HOME": str(tmp_path),
        "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels), "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **{f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }  # fmt: skip
    assert not any((Path(folder) / "cargo").exists() for folder in environment["PATH"].split(":"))

    def command(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)

    def hook(name: str) -> subprocess.CompletedProcess[str]:
        return command(checkout, "pre-commit", "try-repo", str(hooks), name, "--all-files", "--verbose")

    for folder in (hooks, checkout):
        for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "all")):
            assert command(folder, "git", *words).returncode == 0
    for name in names:
        done = hook(name)
        assert done.returncode == 0, done.stdout + done.stderr
    edit(checkout / "applc.toml", '"2.4.1"', '"2.4.2"')
    done = hook("applc-up-to-date")
    assert done.returncode == 1 and "stale     manifests/prod/" in done.stdout, done.stdout
    done = hook("applc-compile")
    assert done.returncode == 1 and "files were modified by this hook" in done.stdout, done.stdout
    assert hook("applc-up-to-date").returncode == 0
    edit(checkout / SHOP, "@api:9000", "@apii:9000")
    done = hook("applc-check")
    assert done.returncode == 1 and f"{SHOP}:10:" in done.stdout, done.stdout
