"""What the check of built functions recognizes as code for one processor."""

from pathlib import Path

from dev.checks.artifacts import compiled_packages


def test_a_package_is_compiled_if_its_wheel_says_so(tmp_path: Path) -> None:
    for folder, purelib in (("pillow_heif-1.8.1", "false"), ("boto3-1.44.5", "true")):
        info = tmp_path / f"{folder}.dist-info"
        info.mkdir()
        (info / "WHEEL").write_text(f"Wheel-Version: 1.0\nRoot-Is-Purelib: {purelib}\n")
    assert compiled_packages(tmp_path) == {"pillow-heif"}
