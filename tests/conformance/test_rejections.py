"""Each target rejects the appliances that `rejections.toml` lists, with the codes listed, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest

import rejections
import support


@pytest.mark.parametrize("target", [*rejections.TARGETS, "ecs"])
def test_a_target_rejects_what_is_listed(
    applc: support.Applc, guide_target: Path, target: str, tmp_path: Path
) -> None:
    arguments = rejections.TARGETS.get(target) or (f"{guide_target}/",)
    found = rejections.differences(applc, target, arguments, tmp_path)
    assert not found, f"edit [{target}] in {rejections.FILE.name} where this is meant:\n" + "\n".join(found)


def test_every_table_is_of_a_target() -> None:
    assert rejections.listed().keys() == {*rejections.TARGETS, "ecs"}
