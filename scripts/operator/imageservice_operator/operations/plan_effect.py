"""What a new rendition plan would do, before anything is done: which images, at which cost, with how many bytes."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from imageservice.adapters.image_table import from_dynamodb, to_dynamodb
from imageservice_operator.operations import becoming_private, cost, images, prices, reprocess
from imageservice_operator.operations.images import Image
from imageservice_operator.operations.plan import PlanDocument
from imageservice_operator.operations.plan_estimate import Estimate
from imageservice_operator.operations.stack import Stack
from imageservice_operator.operations.workflow_functions import function_of, invoke, retire_digests

T = TypeVar("T")
SAMPLE = 10
_AT_ONCE = 4
_LEAST_OF_A_RULE = 2
_EXECUTION = "plan-diff"  # stands for an execution in the functions' logs


@dataclass(frozen=True)
class Functions:
    """The functions, in the versions that ProcessImage uses, and the gigabytes of memory of the one that resizes."""

    inspect: str
    resize: str
    resize_gigabytes: float

    @classmethod
    def of(cls, stack: Stack) -> Functions:
        resize = stack.output("ResizeFunctionArn")
        memory = stack.client("lambda").get_function_configuration(FunctionName=resize)["MemorySize"]
        return cls(function_of(stack, "Inspect original"), resize, memory / 1024)


@dataclass(frozen=True)
class Sampled:
    """An image as it is served now, and as the new plan makes it, by the rule of `prefix`.

    `rejected` is why it can't be made, if it can't.
    """

    id: str
    prefix: str
    before: Sequence[Mapping[str, Any]]
    after: Sequence[Mapping[str, Any]] = ()
    resizes: int = 0
    gb_seconds: float = 0.0
    rejected: str | None = None

    @property
    def more_bytes(self) -> int:
        """The bytes of its renditions after, less those before."""
        return bytes_of(self.after) - bytes_of(self.before)

    @property
    def transitions(self) -> float:
        return self._quantities["state_transition"]

    @property
    def dollars(self) -> float:
        return cost.bill("one image", self._quantities).total

    @property
    def _quantities(self) -> Mapping[str, float]:
        return cost.made_again(len(self.before), len(self.after), self.resizes, self.gb_seconds)


@dataclass(frozen=True)
class Effect:
    """`decisions` and `rules` count originals by decision, and those to make by their new rule's prefix. `purges` are
    those of images that become private, each of which purges the edge by itself."""

    decisions: Mapping[str, int]
    rules: Mapping[str, int]
    keys: Sequence[str]
    sample: Sequence[Sampled]
    purges: int = 0

    @property
    def transitions(self) -> Estimate:
        return self._estimate(lambda each: each.transitions)

    @property
    def dollars(self) -> Estimate:
        """Of making them, once. What looking at the others and purging cost is exact, and added."""
        made = self._estimate(lambda each: each.dollars)
        others = sum(self.decisions.values()) - len(self.keys)
        return Estimate(made.total + cost.left_alone(others) + cost.purging(self.purges), made.margin)

    @property
    def more_bytes(self) -> Estimate:
        return self._estimate(lambda each: float(each.more_bytes))

    @property
    def dollars_a_month(self) -> float:
        """Of storing more bytes, or less than 0 for fewer."""
        return self.more_bytes.total / 1e9 * prices.usd("s3_gb_month")

    def _estimate(self, value: Callable[[Sampled], float]) -> Estimate:
        """Rule by rule, since images of one rule are more alike than all are."""
        return Estimate.sum(
            Estimate.of(
                [value(each) for each in self.sample if each.prefix == prefix and each.rejected is None],
                number,
            )
            for prefix, number in self.rules.items()
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "decisions": dict(self.decisions),
            "to_make": len(self.keys),
            "rules": dict(self.rules),
            "sample": len(self.sample),
            "rejected": {each.id: each.rejected for each in self.sample if each.rejected},
            "transitions": self.transitions.as_json(),
            "purges": self.purges,
            "dollars": self.dollars.as_json(),
            "bytes": self.more_bytes.as_json(),
            "dollars_a_month": round(self.dollars_a_month, 6),
        }


def effect(
    stack: Stack,
    document: PlanDocument,
    *,
    sample: int = SAMPLE,
    on_progress: Callable[[int], Any] | None = None,
) -> Effect:
    """What the plan would do to the stack's images.

    Each original is looked at as a run would. A sample of the images is really made, by the functions that the
    workflow uses; `forget` lets these renditions expire.
    """
    decisions: Counter[str] = Counter()
    keys: list[str] = []
    for key, decision in reprocess.decided(stack, plan=document.text, on_progress=on_progress):
        decisions[decision] += 1
        if decision == "PROCESS":
            keys.append(key)
    rules = Counter(document.plan.rule_for(key).prefix for key in keys)
    purged = becoming_private.purges(stack, keys, document.plan)
    return Effect(dict(decisions), dict(rules), keys, _sampled(stack, document, keys, sample), purged)


def bytes_of(renditions: Iterable[Mapping[str, Any]]) -> int:
    return sum(int(each["bytes"]) for each in renditions)


def shuffled(keys: Iterable[str]) -> list[str]:
    """The keys in an order that has nothing to do with their names, and is the same each time."""
    return sorted(keys, key=lambda key: hashlib.sha256(key.encode()).digest())


def _sampled(stack: Stack, document: PlanDocument, keys: Sequence[str], number: int) -> list[Sampled]:
    """Of each rule a share of the sample, at least two images, among those that are served now.

    The first image of each rule comes before the second one of any: a page that shows a few has all rules."""
    functions = Functions.of(stack)
    by_rule: dict[str, list[str]] = {}
    for key in keys:
        by_rule.setdefault(document.plan.rule_for(key).prefix, []).append(key)
    chosen: list[list[tuple[str, Image]]] = []
    for prefix, of_rule in by_rule.items():
        share = max(_LEAST_OF_A_RULE, round(number * len(of_rule) / len(keys)))
        chosen.append([(prefix, image) for image in _served(stack, shuffled(of_rule), share)])
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(
            pool.map(lambda each: _made(stack, functions, each[0], each[1], document.text), in_turn(chosen))
        )


def in_turn(lists: Sequence[Sequence[T]]) -> list[T]:
    """The first of each list, then the second of each, and so on."""
    longest = max(map(len, lists), default=0)
    return [each[place] for place in range(longest) for each in lists if place < len(each)]


def _served(stack: Stack, keys: list[str], number: int) -> list[Image]:
    """The first of the images that have renditions."""
    served: list[Image] = []
    for begin in range(0, len(keys), 100):
        batch = keys[begin : begin + 100]
        found = images.get_many(stack, batch)
        served += [found[key] for key in batch if key in found and found[key].renditions]
        if len(served) >= number:
            break
    return served[:number]


def _made(stack: Stack, functions: Functions, prefix: str, image: Image, plan: str) -> Sampled:
    inspected = invoke(
        stack,
        functions.inspect,
        {
            "upload": to_dynamodb({"upload": image.upload})["upload"],
            "recorded_digest": "",
            "execution": _EXECUTION,
            "plan": plan,
        },
    )
    if isinstance(inspected, str):
        return Sampled(image.id, prefix, image.renditions, rejected=inspected)
    after: list[Mapping[str, Any]] = []
    begin = time.monotonic()
    for resize in inspected["resizes"]:
        request = {
            "source": inspected["attributes"]["source"],
            "digest": inspected["digest"],
            "resize": resize,
            "execution": _EXECUTION,
        }
        answer = invoke(stack, functions.resize, request)
        if isinstance(answer, str):
            return Sampled(image.id, prefix, image.renditions, after, rejected=answer)
        after += from_dynamodb({"renditions": answer["renditions"]})["renditions"]
    seconds = time.monotonic() - begin
    return Sampled(
        image.id,
        prefix,
        image.renditions,
        after,
        resizes=len(inspected["resizes"]),
        gb_seconds=seconds * functions.resize_gigabytes,
    )


def forget(stack: Stack, sample: Sequence[Sampled]) -> None:
    """Lets the renditions of the sample expire a day later, unless they are served by now, or are being made."""
    found = images.get_many(stack, [each.id for each in sample])
    for each in sample:
        digests = sorted({rendition["key"].split("/")[-2] for rendition in each.after})
        if each.id not in found or not digests:
            continue
        retire_digests(stack, found[each.id], digests, _EXECUTION)
