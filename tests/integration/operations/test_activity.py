"""The last hour, as CloudWatch has it after uploads and reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from waiting import until

from imageservice_operator.operations import activity, uploads


def test_uploads_and_reads_are_counted_by_outcome(service: Any, photo: Any, tmp_path: Any) -> None:
    def counted() -> dict[str, Any]:
        return activity.of(service.stack)["hour"].as_json()

    before = counted()
    (tmp_path / "text.jpg").write_text("no image")
    bad = uploads.upload(service.stack, tmp_path / "text.jpg", "activity/bad.jpg")
    service.settled([*service.upload(["activity/good.jpg"]), bad])
    for _ in range(3):
        assert service.get(service.stack.outputs["ApiUrl"] + "/images/activity/good.jpg?size=thumb") == 302

    grown = {"started": 2, "ready": 1, "rejected": 1, "failed": 0, "reads": 3}
    until(lambda: {name: counted()[name] - before[name] for name in grown} == grown, counted)
    now = counted()
    assert 0 < now["p50_ms"] <= now["p90_ms"]
    assert now["cache_hits"] is not None


def test_times_of_a_window_that_lies_in_two_of_cloudwatchs_hours_are_weighted(service: Any) -> None:
    own = replace(service.stack, outputs={"ProcessImageArn": "arn:aws:states:::stateMachine:another"})
    now = datetime.now(UTC).replace(minute=33)
    for minutes, values in ((2, [1000.0, 1000.0, 1000.0]), (45, [5000.0])):
        datum: Any = {
            "MetricName": "ExecutionTime",
            "Dimensions": [{"Name": "StateMachineArn", "Value": own.outputs["ProcessImageArn"]}],
            "Timestamp": now - timedelta(minutes=minutes),
            "Values": values,
        }
        own.client("cloudwatch").put_metric_data(Namespace="AWS/States", MetricData=[datum])
    hour = activity.of(own, now)["hour"]
    assert hour.took_all["p50"] == 2000
    assert [each for each in hour.took["p50"] if each] == [5000, 1000]
