"""What an image id may be: the one rule, for every write and every read.

An image id is the key of the original in SourceBucket, unchanged: any text (spaces, `+`, `%`, `é`, slashes), except

    empty, or more than 969 bytes of UTF-8       the key of a rendition is the id and up to 55 bytes more; S3's limit
                                                 on a key is 1,024 bytes
    a lone surrogate, such as "\\ud800"            UTF-8 cannot hold it
    a control character, U+FFFE or U+FFFF        S3 lists keys in XML, which cannot hold most of them, and a terminal
                                                 takes them for commands
    a part that is `.` or `..`                   browsers and HTTP clients remove it from a path
    `${filename}`                                in a posted form S3 replaces it with the name of the file

So 970 bytes, `../x`, `a/./b` and `${filename}` have the same outcome everywhere:

    POST /uploads, PUT, DELETE, GET and HEAD          400, with the sentence that `check_image_id` raises
    `images upload`, an upload in the console         a usage error with the same sentence; nothing is sent
    an object that was put into the bucket directly   REJECTED with the same sentence, when it is inspected

An operator must be able to find and remove such an object, so the command line and the console look images up, and
remove them, by any key that S3 can have: `check_key`.
"""

import re

from imageservice.core.errors import ImageIdInvalid

MAX_KEY_BYTES = 1024
"""S3's limit. docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""

# "/", a digest of 16, "/", a size's name of at most 32 (rendition_plan.schema.json), ".", an extension of at most 4.
_RENDITION_BYTES = 1 + 16 + 1 + 32 + 1 + 4
MAX_ID_BYTES = MAX_KEY_BYTES - _RENDITION_BYTES

_CONTROL = r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]"
_DOTS = r"(?:\A|/)\.\.?(?:/|\Z)"
_FILENAME = r"\$\{filename\}"
_REFUSED = re.compile(f"({_CONTROL})|({_DOTS})|({_FILENAME})")


def check_image_id(image_id: str) -> str:
    """The id as it is. Raises ImageIdInvalid with one sentence that says what is wrong with it."""
    _check_length(image_id, MAX_ID_BYTES)
    # Every request pays for this check. A quick look clears almost every id: only an unprintable character can be a
    # control character, and only "/." begins a part that could be dots.
    if image_id.isprintable() and "/." not in f"/{image_id}" and "${" not in image_id:
        return image_id
    refused = _REFUSED.search(image_id)
    if refused is None:
        return image_id
    control, dots, _ = refused.groups()
    if control:
        raise ImageIdInvalid(f"The id contains the control character U+{ord(control):04X}.")
    if dots:
        raise ImageIdInvalid("The id has a part that is . or .., which browsers remove from an address.")
    raise ImageIdInvalid("The id contains ${filename}, which S3 would replace with the file's own name.")


def check_prefix(prefix: str) -> str:
    """The prefix as it is, if an image's id can begin with it. Raises ImageIdInvalid."""
    # What follows could complete a last part of dots to a name.
    check_image_id(f"{prefix}-" if prefix.endswith(".") else prefix)
    return prefix


def check_key(key: str) -> str:
    """The key as it is, if S3 can store an object under it. Raises ImageIdInvalid."""
    _check_length(key, MAX_KEY_BYTES)
    return key


def _check_length(text: str, most: int) -> None:
    try:
        length = len(text.encode())
    except UnicodeEncodeError:
        raise ImageIdInvalid("The id is not valid UTF-8.") from None
    if not 1 <= length <= most:
        raise ImageIdInvalid(f"The id has {length:,} bytes; it may have 1 to {most:,}.")
