"""`python -m imageservice_operator.cli`, behind ./scripts/images."""

from imageservice_operator.cli import looking, remaking, repairing, sending, spending, watching
from imageservice_operator.cli.group import images

COMMANDS = (sending, looking, watching, repairing, remaking, spending)
"""Importing them is what adds their commands."""

if __name__ == "__main__":
    images(prog_name="images")
