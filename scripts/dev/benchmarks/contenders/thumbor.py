"""thumbor as a contender: its server makes each file in a request of its own, and decodes the source each time."""

import http.client
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.benchmarks.job import Job, Unreadable, Written, serve
from dev.benchmarks.servers import Server, thumbor, thumbor_path


def run(job: Job, server: Server) -> list[Written]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    written = []
    for size in job.sizes:
        for name, settings in job.formats.items():
            measures = f"{size.width}x{size.height or 0}"
            connection.request("GET", thumbor_path(job.source, measures, name, settings.get("quality")))
            answer = connection.getresponse()
            data = answer.read()
            if answer.status != 200:
                raise Unreadable(f"{answer.status} {answer.reason}")
            written.append(Written(size.name, name, data))
    connection.close()
    return written


if __name__ == "__main__":
    with TemporaryDirectory() as directory, thumbor(Path(directory)) as server:
        serve(lambda job: run(job, server), server.cpu_seconds)
