"""The patch `invalidation_pages`, and the edge: an answer of it costs no more after thousands of purges."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from imageservice_operator.operations.stack import Stack
from local.cloudfront.app import Invalidations


class Distribution:
    """A distribution, and CloudFront's client, whose calls are counted by name."""

    def __init__(self, stack: Stack) -> None:
        self.client = stack.client("cloudfront")
        self.calls: Counter[str] = Counter()
        self.failing: tuple[str, int] | None = None  # the name of a call, and which of them fails
        made = self.client.create_distribution(
            DistributionConfig={
                "CallerReference": str(uuid.uuid4()),
                "Comment": "",
                "Enabled": True,
                "Origins": {"Quantity": 1, "Items": [{"Id": "one", "DomainName": "one.example.com"}]},
                "DefaultCacheBehavior": {"TargetOriginId": "one", "ViewerProtocolPolicy": "allow-all"},
            }
        )
        self.id = made["Distribution"]["Id"]
        self.client.meta.events.register("before-call.cloudfront", self._count)

    def _count(self, model: Any, **_: Any) -> None:
        self.calls[model.name] += 1
        if self.failing == (model.name, self.calls[model.name]):
            raise EndpointConnectionError(endpoint_url=self.client.meta.endpoint_url)

    def purge(self, number: int) -> str:
        path = f"/{number}"
        batch = {"Paths": {"Quantity": 1, "Items": [path]}, "CallerReference": str(number)}
        self.client.create_invalidation(DistributionId=self.id, InvalidationBatch=batch)
        return path


@pytest.fixture
def distribution(stack: Stack) -> Distribution:
    return Distribution(stack)


def test_without_the_patch_one_page_has_them_all(printed: Callable[..., str]) -> None:
    ask = (
        "import asyncio",
        "from ministack.services import cloudfront",
        "cloudfront._distributions['D'] = {}",
        "one = {'Status': 'Completed', 'CreateTime': '2026-01-01T00:00:00Z'}",
        "cloudfront._invalidations['D'] = [{'Id': f'I{number}'} | one for number in range(125)]",
        "path = '/2020-05-31/distribution/D/invalidation'",
        "_, _, body = asyncio.run(cloudfront.handle_request('GET', path, {}, b'', {}))",
        "print(body.count(b'<Id>'), body.index(b'I100<') < body.index(b'I101<'))",
    )
    assert printed(*ask) == "125 True"
    patch = "from local.patches import invalidation_pages; invalidation_pages.apply()"
    assert printed(patch, *ask) == "100 False"


def test_pages_have_the_newest_first_and_each_once(distribution: Distribution) -> None:
    made = [distribution.purge(number) for number in range(125)]
    pages = list(
        distribution.client.get_paginator("list_invalidations").paginate(DistributionId=distribution.id)
    )
    assert [page["InvalidationList"]["Quantity"] for page in pages] == [100, 25]
    listed = [each["Id"] for page in pages for each in page["InvalidationList"]["Items"]]
    assert [_path(distribution, each) for each in listed] == made[::-1]


def test_the_edge_learns_of_every_purge_once(distribution: Distribution) -> None:
    edge = Invalidations(distribution.client, distribution.id)
    assert edge.new_items() == []
    first = {distribution.purge(number) for number in range(25)}
    assert set(edge.new_items()) == first
    later = {distribution.purge(number) for number in range(25, 60)}
    assert set(edge.new_items()) == later
    assert edge.new_items() == []


def test_an_answer_costs_one_call_whatever_was_purged_before(distribution: Distribution) -> None:
    edge = Invalidations(distribution.client, distribution.id)
    for number in range(40):
        distribution.purge(number)
    edge.new_items()
    distribution.calls.clear()
    edge.new_items()
    assert distribution.calls == {"ListInvalidations": 1}


@pytest.mark.parametrize("failing", [("GetInvalidation", 2), ("ListInvalidations", 2)])
def test_no_purge_is_lost_when_the_api_fails_in_the_middle(
    distribution: Distribution, failing: tuple[str, int]
) -> None:
    edge = Invalidations(distribution.client, distribution.id)
    made = {distribution.purge(number) for number in range(25)}
    distribution.failing = failing
    with pytest.raises(EndpointConnectionError):
        edge.new_items()
    assert set(edge.new_items()) == made


def _path(distribution: Distribution, invalidation_id: str) -> Any:
    found = distribution.client.get_invalidation(DistributionId=distribution.id, Id=invalidation_id)
    return found["Invalidation"]["InvalidationBatch"]["Paths"]["Items"][0]
