"""The local edge: how long it stores an answer, what a purge removes, and which behavior a path has."""

import pytest

from local.cloudfront.distribution import (
    API,
    RENDITIONS,
    Distribution,
    Failover,
    ResponseHeaders,
    function_codes,
)
from local.cloudfront.store import Answer, Store, lifetimes
from local.deployment import source
from local.options import REPOSITORY

TAG = "x-amz-meta-cache-tag"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> Store:
    return Store(TAG, clock)


def answer(
    control: str = "public, max-age=60, s-maxage=600, stale-if-error=900",
    tags: str = "image-1",
    status: int = 302,
) -> Answer:
    return Answer(status, {"cache-control": control, TAG: tags}, b"")


@pytest.mark.parametrize(
    ("control", "expected"),
    [
        ("public, max-age=60, s-maxage=600", (600, 0)),
        ("max-age=60, stale-if-error=10", (60, 10)),
        ("no-store", (0, 0)),
        ("private, max-age=60", (0, 0)),
        ("", (0, 0)),
        ("max-age=99999999999", (31_536_000, 0)),
    ],
)
def test_an_answer_s_own_headers_say_how_long_it_is_kept(control: str, expected: tuple[int, int]) -> None:
    assert lifetimes(answer(control)) == expected


def test_an_answer_is_given_again_until_its_time_is_over(store: Store, clock: Clock) -> None:
    store.keep("key", "/a", answer(), asked=clock())
    clock.now += 599
    assert store.fresh("key")
    clock.now += 2
    assert store.fresh("key") is None


def test_an_answer_that_is_over_serves_while_the_origin_fails(store: Store, clock: Clock) -> None:
    store.keep("key", "/a", answer(), asked=clock())
    clock.now += 700
    assert store.on_error("key")
    clock.now += 900
    assert store.on_error("key") is None


@pytest.mark.parametrize("item", ["#image-1", "#IMAGE-1", "/images/a", "/images/*"])
def test_a_purge_takes_what_it_names(store: Store, clock: Clock, item: str) -> None:
    store.keep("key", "/images/a", answer(tags="other, image-1"), asked=clock())
    store.purge([item])
    assert store.fresh("key") is None
    assert store.on_error("key") is None


@pytest.mark.parametrize("item", ["#image-2", "/images/b", "#image"])
def test_a_purge_leaves_the_rest(store: Store, clock: Clock, item: str) -> None:
    store.keep("key", "/images/a", answer(), asked=clock())
    store.purge([item])
    assert store.fresh("key")


def test_an_answer_that_was_under_way_during_a_purge_is_not_kept(store: Store, clock: Clock) -> None:
    asked = clock()
    clock.now += 1
    store.purge(["#image-1"])
    clock.now += 1
    store.keep("late", "/a", answer(), asked)
    store.keep("new", "/a", answer(), clock())
    assert store.fresh("late") is None
    assert store.fresh("new")


def test_the_distribution_is_the_templates() -> None:
    distribution = Distribution.of_template(source.read(REPOSITORY / "template.yaml"))
    assert distribution.tag_header == TAG
    renditions = distribution.behavior("/renditions/a/b.webp")
    assert (renditions.origin, renditions.failover) == (
        RENDITIONS,
        Failover(frozenset({403, 404}), API, "/renditions"),
    )
    assert distribution.behavior("/images/renditions/a").origin == API
    assert distribution.default.headers == ("accept", "x-viewer-host")
    assert distribution.default.parameters == ("size", "w", "format", "download")


def test_a_response_headers_policy_adds_and_overrides() -> None:
    policy = ResponseHeaders.of_config(
        {
            "CorsConfig": {"AccessControlAllowOrigins": {"Items": ["*"]}, "OriginOverride": False},
            "SecurityHeadersConfig": {
                "ContentTypeOptions": {"Override": True},
                "StrictTransportSecurity": {
                    "AccessControlMaxAgeSec": 5,
                    "IncludeSubdomains": True,
                    "Preload": True,
                    "Override": False,
                },
            },
            "CustomHeadersConfig": {
                "Items": [
                    {"Header": "X-Soft", "Value": "policy", "Override": False},
                    {"Header": "X-Hard", "Value": "policy", "Override": True},
                ]
            },
        }
    )
    assert policy.for_answer({"x-soft": "origin", "x-hard": "origin"}, has_origin=False) == {
        "x-content-type-options": "nosniff",
        "strict-transport-security": "max-age=5; includeSubDomains; preload",
        "x-soft": "origin",
        "x-hard": "policy",
    }
    cors = "access-control-allow-origin"
    assert policy.for_answer({}, has_origin=True)[cors] == "*"
    assert policy.for_answer({cors: "https://a.example"}, has_origin=True)[cors] == "https://a.example"


@pytest.mark.parametrize(
    "config",
    [
        {"SecurityHeadersConfig": {"FrameOptions": {"FrameOption": "DENY", "Override": True}}},
        {
            "CorsConfig": {
                "AccessControlAllowOrigins": {"Items": ["https://a.example"]},
                "OriginOverride": False,
            }
        },
        {"CorsConfig": {"AccessControlAllowOrigins": {"Items": ["*"]}, "OriginOverride": True}},
    ],
)
def test_a_policy_that_the_local_edge_does_not_know_is_refused(config: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="the local edge"):
        ResponseHeaders.of_config(config)


def test_every_behavior_runs_the_templates_functions() -> None:
    template = source.read(REPOSITORY / "template.yaml")
    codes = function_codes(template, {})
    code, of_response = codes["NormalizeRequest"], codes["RenewLifetime"]
    distribution = Distribution.of_template(template)
    paths = ("/renditions/a", "/images/a", "/metadata/a")
    assert [distribution.behavior(path).function for path in paths] == [code] * 3
    assert [distribution.behavior(path).response_function for path in paths] == [
        None,
        of_response,
        of_response,
    ]
