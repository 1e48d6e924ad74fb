"""The licenses of what an artifact ships: its packages' by their metadata, and those of the libraries in their wheels.

A new package or library fails the check until someone has read its license and added it here.
"""

import re
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path

PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "BSD-3-Clause",
    "CC0-1.0",
    "MIT",
    "MIT-0",
    "MIT-CMU",
    "PSF-2.0",
    "Zlib",
}
# Copyleft that ends at the package's own files.
OF_ITS_FILES = {"MPL-2.0"}
# What packages say that name no SPDX expression.
SPELLINGS = {
    "Apache License 2.0": "Apache-2.0",
    # python-dateutil: "Dual License" is Apache 2.0 or BSD.
    "Dual License": "Apache-2.0 OR BSD-3-Clause",
    "MIT OR AFL-2.1": "MIT",
}
# Compiled into wheels, which say nothing of them in their metadata; from each project's own license file. The LGPL ones
# are linked dynamically: a user may replace the file.
LIBRARIES = {
    "libXau": "MIT",
    "libavif": "BSD-2-Clause, with libaom and dav1d (BSD-2-Clause) in it",
    "libbrotlicommon": "MIT",
    "libbrotlidec": "MIT",
    "libde265": "LGPL-3.0-or-later",
    "libfreetype": "FTL",
    "libgfortran": "GPL-3.0-or-later WITH GCC-exception-3.1",
    "libharfbuzz": "MIT-Modern-Variant",
    "libheif": "LGPL-3.0-or-later",
    "libjpeg": "IJG AND BSD-3-Clause",
    "liblcms2": "MIT",
    "liblzma": "0BSD",
    "libopenjp2": "BSD-2-Clause",
    "libpng16": "libpng-2.0",
    "libquadmath": "LGPL-2.1-or-later",
    "libscipy_openblas64_": "BSD-3-Clause",
    "libsharpyuv": "BSD-3-Clause",
    "libtiff": "libtiff",
    "libwebp": "BSD-3-Clause",
    "libwebpdemux": "BSD-3-Clause",
    "libwebpmux": "BSD-3-Clause",
    "libx265": "MIT",  # the replacement that functions/without_x265.py makes; x265 itself is GPL-2.0-or-later
    "libxcb": "MIT",
    "libzstd": "BSD-3-Clause",
}
_REPLACEMENT_BYTES = 4_096


def problems(artifact: Path) -> Iterator[str]:
    """Each package or library whose license isn't accepted above."""
    for metadata in sorted(artifact.glob("*.dist-info/METADATA")):
        name, expression = of_package(metadata.read_text())
        parts = {part for part in re.split(r" AND | OR |[()]", expression) if part.strip()}
        if not parts or parts - PERMISSIVE - OF_ITS_FILES:
            yield f"{name} has the license {expression!r}, which scripts/dev/checks/licenses.py does not know"
    for library in sorted(artifact.glob("*.libs/*.so*")):
        name = re.split(r"-[0-9a-f]{8}|\.so", library.name)[0]
        if name not in LIBRARIES:
            yield f"{library.name} has no license in scripts/dev/checks/licenses.py"
        if name == "libx265" and library.stat().st_size > _REPLACEMENT_BYTES:
            yield f"{library.name} is x265 itself, which is under the GPL: functions/without_x265.py replaces it"


def of_package(metadata: str) -> tuple[str, str]:
    """A package's name, and its license as an SPDX expression if it is one that is known."""
    fields = message_from_string(metadata)
    said = (
        fields.get("License-Expression")
        or fields.get("License")
        or _classifier(fields.get_all("Classifier", []))
    )
    return str(fields["Name"]), SPELLINGS.get(said, said)


def _classifier(classifiers: list[str]) -> str:
    licenses = {each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License ::")}
    return {"Apache Software License": "Apache-2.0", "MIT License": "MIT"}.get(
        " ".join(licenses), " ".join(licenses)
    )
