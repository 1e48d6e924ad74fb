"""The simulation of bulk uploads (`./scripts/bench bulk`)."""

from dev.benchmarks.bulk import DESIGNS, SIZES_S, Outcome, Simulation

UPLOADS, CONCURRENCY = 300, 10


def of(name: str) -> Outcome:
    (design,) = (each for each in DESIGNS if name in each.name)
    return Simulation(design, UPLOADS, CONCURRENCY).run()


def test_calls_that_stand_in_a_queue_all_end_and_take_no_transition_more() -> None:
    outcome = of("queue")
    assert (outcome.failed, outcome.retries, len(outcome.seconds)) == (0, 0, UPLOADS)


def test_no_design_makes_more_than_the_functions_concurrency_permits() -> None:
    work = UPLOADS * sum(SIZES_S)
    for name in ("hours", "asynchronous", "queue"):
        outcome = of(name)
        assert len(outcome.seconds) == UPLOADS
        # Sizes take from half to one and a half of their seconds, evenly: a tenth less than all of them is far off.
        assert outcome.seconds[-1] > 0.9 * work / CONCURRENCY


def test_retries_for_minutes_fail_where_the_work_takes_longer() -> None:
    outcome = Simulation(DESIGNS[0], 10 * UPLOADS, CONCURRENCY).run()
    assert outcome.failed > UPLOADS
    assert outcome.failed + len(outcome.seconds) == 10 * UPLOADS
