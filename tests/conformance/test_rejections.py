"""Each target rejects exactly the appliances in `rejections.toml`, with the listed codes."""

from __future__ import annotations

from pathlib import Path

import pytest

import rejections
import support


@pytest.mark.parametrize("target", [*rejections.TARGETS, "ecs"])
def test_a_target_rejects_the_listed_appliances(
    applc: support.Applc, guide_target: Path, target: str, tmp_path: Path
) -> None:
    arguments = rejections.TARGETS.get(target) or (f"{guide_target}/",)
    found = rejections.differences(applc, target, arguments, tmp_path)
    assert not found, f"if this is intended, edit [{target}] in {rejections.FILE.name}:\n" + "\n".join(found)


def test_every_table_names_a_target() -> None:
    assert rejections.listed().keys() == {*rejections.TARGETS, "ecs"}
