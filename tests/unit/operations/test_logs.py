"""The application's own calls in a stack trace."""

import pytest

from imageservice_operator.operations.logs import frames

TRACE = """Traceback (most recent call last):
  File "/var/task/imageservice/adapters/logging.py", line 35, in run
    return handler(event, context)
           ^^^^^^^^^^^^^^^^^^^^^^^
  File "/var/task/resize/handler.py", line 23, in handler
    sized = bootstrap.sizer().make(source, event["digest"], resize)
  File "/var/task/imageservice/engine/decode.py", line 88, in decode
    image.load()
  File "/opt/python/lib/python3.13/site-packages/PIL/ImageFile.py", line 300, in load
    raise OSError("broken")
  File "/var/lang/lib/python3.13/threading.py", line 10, in run
OSError: broken
"""


def test_libraries_and_the_logging_itself_are_left_out() -> None:
    assert frames(TRACE) == ["resize/handler.py:23 in handler", "imageservice/engine/decode.py:88 in decode"]


@pytest.mark.parametrize("text", ["", "KeyError: 'a'", 'File "', "no trace\nat all"])
def test_what_is_no_stack_trace_has_no_frames(text: str) -> None:
    assert [frame for frame in frames(text) if frame.strip(": in")] == []
