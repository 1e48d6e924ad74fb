"""An AWS that refuses every call with one error, in the form of each service's protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine"
OUTPUTS = {
    "SourceBucketName": "originals",
    "ProcessedBucketName": "renditions",
    "ReportBucketName": "reports",
    "ImageTableName": "images",
    "AuditTableName": "acts",
    "ProcessImageArn": f"{ARN}:ProcessImage",
    "RemoveImageArn": f"{ARN}:RemoveImage",
    "ReprocessImagesArn": f"{ARN}:ReprocessImages",
    "SelectOriginalsFunctionArn": "select",
    "RecordFailureFunctionArn": "record",
    "ReconcileFunctionArn": "reconcile",
    "UpdateMetadataFunctionArn": "update",
    "UploadsFunctionArn": "uploads",
    "ApiUrl": "http://127.0.0.1:1",
    **{f"{name}DeadLetterQueueUrl": f"http://queue/{name}" for name in ("Upload", "Deletion", "Failure")},
}


@contextmanager
def refusing(state_dir: Path, code: str, status: int = 400) -> Iterator[None]:
    """A local stack in `state_dir` whose services answer every call with this error."""

    class Refusal(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            service = self.headers.get("Authorization", "").partition("Credential=")[2].split("/")[3:4]
            said = f"You may not do this: {code}"
            if service in (["s3"], ["cloudformation"]):
                error = f"<Code>{code}</Code><Message>{said}</Message>"
                body = (
                    error if service == ["s3"] else f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
                )
                body = f"<Error>{body}</Error>" if service == ["s3"] else body
            else:
                body = json.dumps({"__type": code, "message": said})
            self.send_response(status)
            self.send_header("x-amzn-ErrorType", code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body.encode())

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815 - http.server looks for these names

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusal)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    (state_dir / "stack.json").write_text(
        json.dumps(
            {
                "endpoint_url": f"http://127.0.0.1:{server.server_address[1]}",
                "region": "us-east-1",
                "access_key_id": "test",
                "secret_access_key": "test",
                "outputs": OUTPUTS,
            }
        )
    )
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
