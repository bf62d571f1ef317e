"""The strings of a container: its words, its environment, and its files, with references and hostile text in them."""

from __future__ import annotations

from typing import Any

from hostile import ENV_NAMES, IDENTIFIER, LABEL_NAMES, as_path, escaped, quoted
from skeleton import Maker, Port, Skeleton

OBSERVER = "/observer"

USERS: list[str | int] = [
    1001,
    "1001",
    "1001:1001",
    "1002:1010",
    "1500:1500",
    "proof",
    "other",
    "proof:extra",
    "other:1003",
]
BINARY = bytes(range(256))


class Strings:
    """Writes the strings of one container."""

    def __init__(
        self,
        make: Maker,
        kind: Skeleton,
        kinds: list[Skeleton],
        secrets: dict[str, dict[str, str]],
        beside: dict[str, bytes],
    ) -> None:
        self.make = make
        self.kind = kind
        self.kinds = kinds
        self.secrets = secrets
        self.beside = beside
        self.directives = [f"--name={kind.name}", *kind.directives]
        self.directives += [f"--listen={port.listener}:{port.number}" for port in kind.ports]

    def write(self) -> dict[str, Any]:
        """The fields of the container that contain strings."""
        make = self.make
        found: dict[str, Any] = {}
        form = make.choice(["args", "args", "args", "cmd", "entrypoint"])
        env = self.environment(shell=form == "cmd")
        files = self.files(found)
        self.users(found)
        for _ in range(make.choice([0, 0, 1, 1, 2])):
            if directive := self.opening():
                self.directives.append(f"--open={directive}")
        found |= files
        if env:
            found["env"] = env
        if form == "cmd":
            found["cmd"] = self.command()
        elif form == "args":
            found["args"] = self.arguments("args", self.directives)
        else:
            self.entrypoint(found)
        if self.kind.fields.get("health_check", {}).get("protocol") == "COMMAND":
            check = dict(self.kind.fields["health_check"])
            check["command"] = " ".join(self.shell([f"{OBSERVER} check"], "health-command", 7))
            found["health_check"] = check
        if make.chance(0.25):
            names = make.some(make.allowed(LABEL_NAMES, 2), 3) or ["team"]
            found["labels"] = {name: self.label() for name in names}
        if make.chance(0.2):
            found["working_dir"] = make.choice(["/", "/tmp", f"/work{as_path(make.hostile('working-dir'))}"])
        return found

    def arguments(self, place: str, directives: list[str]) -> list[str | int | float | bool]:
        """The directives among hostile words, numbers, and references."""
        make = self.make
        words: list[str | int | float | bool] = list(directives)
        words += [escaped(make.hostile(place)) for _ in range(make.choice([0, 1, 2, 3]))]
        words += [self.referring(place) for _ in range(make.choice([0, 0, 1, 2]))]
        if make.chance(0.2):
            words.append(make.choice([42, 1.5, True, False, 0, -1]))
        make.random.shuffle(words)
        return words

    def entrypoint(self, found: dict[str, Any]) -> None:
        """Divides the words between `entrypoint` and `args`."""
        words = self.arguments("entrypoint", self.directives)
        cut = len(words) if self.make.chance(0.4) else self.make.random.randrange(len(words) + 1)
        found["entrypoint"] = [OBSERVER, *words[:cut]]
        if words[cut:]:
            found["args"] = words[cut:]

    def command(self) -> str:
        """A shell command that becomes the observer."""
        starts = [
            f"exec {OBSERVER}",
            f"exec {OBSERVER}",
            f"set -e; exec {OBSERVER}",
            f'# it\'s a "comment" with $X\nexec {OBSERVER}',
            f'test -z "$NOT_SET" && exec {OBSERVER}',
            f"  exec   {OBSERVER}",
        ]
        start = self.make.choice(self.make.allowed(starts, 3))
        return " ".join(self.shell([start, *(quoted(word) for word in self.directives)], "cmd", 4))

    def shell(self, words: list[str], place: str, most: int) -> list[str]:
        """The words, followed by quoted hostile ones and references."""
        make = self.make
        for _ in range(make.random.randrange(most)):
            words.append(quoted(escaped(make.hostile(place))))
        if make.chance(0.4):
            words.append(quoted(self.referring(place)))
        return words

    def environment(self, shell: bool) -> dict[str, Any]:
        """Variables; a shell passes on only those with the name of an identifier."""
        make = self.make
        found: dict[str, Any] = {}
        names = [name for name in ENV_NAMES if not (shell or make.plain) or IDENTIFIER.fullmatch(name)]
        for name in make.some(names, 3):
            found[name] = self.value()
        for number in range(make.choice([0, 0, 0, 1, 2])):
            if directive := self.opening():
                found[f"OPEN_{number}"] = directive
        return found

    def value(self) -> Any:
        """The value of a variable."""
        make = self.make
        sort = make.choice(["hostile", "hostile", "hostile", "reference", "json", "other"])
        if sort == "hostile":
            return escaped(make.hostile("env"))
        if sort == "reference":
            return self.referring("env")
        if sort == "json":
            return make.choice(
                [
                    {"a": [1, escaped(make.hostile("env-json"))], "b": None},
                    [escaped(make.hostile("env-json")), {"c": 1.5}],
                    {"at": self.referring("env-json"), "d": {}},
                ]
            )
        return make.choice([0, 42, -1, 1.5, True, False, None, "", [], {}])

    def referring(self, place: str) -> str:
        """A string with references to other containers, and to itself."""
        make = self.make
        forms = ["{0}", "zk://{0}/mesos", "{0} {1}", "http://{0}?x=$y", "[{0}]", "{0},{1},{2}", "a\\@b {0}"]
        form = make.choice(make.allowed(forms, 3))
        start = escaped(make.hostile(place)) + "|" if make.chance(0.25) else ""
        return start + form.format(*(self.reference() for _ in range(3)))

    def reference(self) -> str:
        """A reference with or without a port."""
        make = self.make
        others = [kind for kind in self.kinds if kind.service] if make.chance(0.9) else self.kinds
        other = make.choice(others) if others else self.kind
        if other.ports and make.chance(0.7):
            return f"@{other.name}:{make.choice(other.ports).number}"
        if make.chance(0.02):
            return f"@{other.name}:{make.choice([80, 9])}"
        return f"@{other.name}"

    def opening(self) -> str | None:
        """A directive that asks another container who it is, if there is one that answers."""
        make = self.make
        reachable = [kind for kind in self.kinds if kind.service and kind.instances and kind.ports]
        if not self.kind.service:
            # A job opens only what it has waited for, and needs the time for it.
            reachable = [kind for kind in reachable if kind.name in self.kind.needs and self.kind.lasts >= 2]
        if not reachable:
            return None
        other = make.choice(reachable)
        port = make.choice(other.ports)
        return self.opened(other, port)

    def opened(self, other: Skeleton, port: Port) -> str:
        """The directive for a port: with the port in the reference, or behind it."""
        separator = ":" if self.make.chance(0.7) else " "
        return f"{port.listener}:@{other.name}{separator}{port.number}"

    def label(self) -> str | int | bool:
        """The value of a label, in which `@` has no meaning."""
        make = self.make
        if make.chance(0.5):
            plain: list[str | int | bool] = [1, True, "storefront", "@web"]
            return make.choice(make.allowed(plain, 3))
        return make.hostile("label")

    def files(self, found: dict[str, Any]) -> dict[str, Any]:
        """Files, variables and files from the secret store, and the directives that read them."""
        make = self.make
        fields: dict[str, Any] = {}
        files = [self.file() for _ in range(make.choice([0, 0, 0, 1, 2]))]
        if files:
            fields["files"] = files
        secret_env = {f"SECRET_{number}": self.secret() for number in range(make.choice([0, 0, 0, 0, 1, 2]))}
        if secret_env:
            fields["secret_env"] = secret_env
        secret_files = [self.secret_file() for _ in range(make.choice([0, 0, 0, 0, 0, 1, 2]))]
        if secret_files:
            fields["secret_files"] = secret_files
        self.directives += [escaped(f"--read={file['dest']}") for file in files + secret_files]
        return fields

    def file(self) -> dict[str, Any]:
        """A file with its content, or with that of a file beside the appliance."""
        make = self.make
        file: dict[str, Any] = {"dest": self.dest("file-dest", "/etc/proof/f")}
        if make.chance(0.2):
            path = f"source-{make.number()}.bin"
            contents = [BINARY, b"plain\n", "déjà @nobody ${X}\n".encode()]
            self.beside[path] = make.choice(contents[1:2] if make.plain else contents)
            file["source"] = path
        elif make.chance(0.4):
            file["content"] = f"listen {'x' if make.plain else '$x'}\nother {self.referring('file-content')}\n"
        else:
            file["content"] = escaped(make.hostile("file-content"))
        if make.chance(0.6):
            file["mode"] = make.choice(["0644", "644", "0755", "0444"] + (["0400", "0600"] if self.kind.root else []))
        return file

    def secret_file(self) -> dict[str, Any]:
        """A file from the secret store."""
        make = self.make
        file: dict[str, Any] = {"dest": self.dest("secret-file-dest", "/run/secrets/s"), **self.secret()}
        if make.chance(0.5):
            file["mode"] = make.choice(["0444", "0644"] + (["0400", "600"] if self.kind.root else []))
        return file

    def dest(self, place: str, start: str) -> str:
        """The path of a file."""
        make = self.make
        return f"{start}{make.number()}" + (as_path(make.hostile(place)) if make.chance(0.6) else ".conf")

    def secret(self) -> dict[str, str]:
        """A secret and a key of it, with a value in the store."""
        make = self.make
        name = make.choice([f"proof-{make.seed}", f"p{make.seed}-a", f"p{make.seed}"])
        key = make.choice(["password", "a-b", "a_b", "A", "tls.key", "0"])
        if key not in self.secrets.setdefault(name, {}):
            self.secrets[name][key] = make.hostile("secret-value") if make.chance(0.7) else f"value-{make.number()}"
        return {"secret": name, "key": key}

    def users(self, found: dict[str, Any]) -> None:
        """The user: root, or another one that writes to no volume."""
        make = self.make
        if not self.kind.root and not self.kind.writes:
            found["user"] = make.choice(USERS)
        elif make.chance(0.08):
            found["user"] = make.choice([0, "0:0", "root", "0"])
