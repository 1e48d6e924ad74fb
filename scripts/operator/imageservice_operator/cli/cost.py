"""cost: what the service costs, counted from what the stack did."""

from __future__ import annotations

import click
from rich.table import Table

from imageservice_operator.cli.output import table, untrusted
from imageservice_operator.cli.session import Session, command
from imageservice_operator.operations import cost, prices, standing, usage
from imageservice_operator.operations.cost import TYPICAL_UPLOAD, Bill, Month
from imageservice_operator.operations.usage import Usage

_MILLION = 1_000_000
_SHARE = click.FloatRange(0, 1)


@command("cost", "What the service costs, counted from what the stack did.")
@click.option(
    "--uploads", default=100_000, show_default=True, type=click.IntRange(0), help="Uploads per month."
)
@click.option(
    "--reads", default=10_000_000, show_default=True, type=click.IntRange(0), help="Reads per month."
)
@click.option(
    "--replaced", default=0.05, show_default=True, type=_SHARE, help="The share of uploads that replace one."
)
@click.option(
    "--edge-hit-rate",
    default=0.9,
    show_default=True,
    type=_SHARE,
    help="The share of redirects that CloudFront answers.",
)
@click.option(
    "--kilobytes",
    default=60.0,
    show_default=True,
    type=click.FloatRange(0),
    help="Of a rendition, on average.",
)
@click.option(
    "--sample", default=20, show_default=True, type=click.IntRange(1, 200), help="Uploads to count."
)
def show(
    session: Session,
    uploads: int,
    reads: int,
    replaced: float,
    edge_hit_rate: float,
    kilobytes: float,
    sample: int,
) -> None:
    """Show what a million uploads, a million redirects and your month cost on AWS, line by line.

    State transitions, invocations and their billed time, requests, DynamoDB units and logs are counted from the latest
    uploads of the stack and from the redirects of the last day; what is paid by the month, from the stack's template.
    A local stack is counted in the same way, at the speed of this machine.
    """
    upload, redirect = usage.of_uploads(session.stack, sample), usage.of_redirects(session.stack)
    resting = standing.quantities(session.stack)
    cdn = "DistributionId" in session.stack.outputs
    month = Month(uploads, reads, replaced, edge_hit_rate, kilobytes, cdn)
    bills = (
        cost.per_upload(upload),
        cost.per_redirect(redirect),
        cost.at_rest(resting),
        cost.per_month(month, upload if upload.sample else TYPICAL_UPLOAD, redirect, resting),
    )
    notes = [*_notes(session, upload, redirect, resting)]
    session.emit(
        {
            "prices": {"region": prices.region(), "date": prices.date()},
            "uploads": upload.as_json(),
            "redirects": redirect.as_json(),
            "bills": [each.as_json() for each in bills],
            "notes": notes,
            "left_out": cost.LEFT_OUT,
        }
    )
    for made, times in zip(bills, (_MILLION, _MILLION, 1, 1), strict=True):
        if made.lines:
            session.show(_table(made, times))
            session.show()
    for note in notes:
        session.show(untrusted(note))
    session.show(f"Prices: {prices.region()}, {prices.date()}. Not in these sums:")
    for each in cost.LEFT_OUT:
        session.show(f"  {each}")


def _notes(session: Session, upload: Usage, redirect: Usage, resting: dict[str, float]) -> list[str]:
    """What the reader of the bills has to know about how they were counted."""
    notes = [
        f"Counted: {upload.sample} uploads ({upload.original_bytes / 1e6:.1f} MB each), {redirect.sample} redirects."
    ]
    if session.stack.is_local:
        notes.append(
            "Billed time is this machine's, with whatever else it does, at the price of Lambda's arm64."
        )
    if not upload.sample:
        notes.append("No upload has become READY yet: the month has those of a typical 12-megapixel photo.")
    if not redirect.sample:
        notes.append("No redirect in the last 24 hours: the month has none.")
    elif not redirect.quantities["lambda_gb_second"]:
        notes.append("CloudWatch does not show the reader's durations yet: its GB-seconds are missing.")
    if "lambda_request" not in resting:
        notes.append("The reconciler has not run in the last 24 hours: its 2,920 runs a month are missing.")
    if unknown := standing.unpriced(resting):
        notes.append(f"No price for {', '.join(unknown)}.")
    return notes


def _table(bill: Bill, times: int) -> Table:
    title = f"{times:,} × {bill.name}" if times > 1 else bill.name
    made = table(title, "quantity", "$ each", "$", right=("quantity", "$ each", "$"))
    for line in bill.lines:
        made.add_row(
            untrusted(line.name),
            f"{line.quantity * times:,.0f}",
            f"{line.price:.10f}".rstrip("0").rstrip("."),
            f"{line.dollars * times:,.2f}",
        )
    made.add_row("[bold]total[/]", "", "", f"[bold]{bill.total * times:,.2f}[/]")
    return made
