"""The command `images`: `python -m imageservice_operator.cli`, and what the package installs."""

from importlib import import_module

from imageservice_operator.cli.group import COMMANDS, images

__all__ = ["images"]

for name in COMMANDS:
    import_module(f"imageservice_operator.cli.{name}")  # adds its command to the group

if __name__ == "__main__":
    images(prog_name="images")
