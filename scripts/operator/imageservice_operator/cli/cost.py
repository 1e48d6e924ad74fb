"""cost: what the service costs to run."""

from __future__ import annotations

import click

from imageservice_operator.cli.group import images
from imageservice_operator.cli.output import table, untrusted
from imageservice_operator.operations import cost, prices
from imageservice_operator.operations.cost import Bill


@images.command("cost", short_help="What the service costs to run.")
@click.option(
    "--uploads", default=100_000, show_default=True, type=click.IntRange(0), help="Uploads per month."
)
@click.option(
    "--reads", default=10_000_000, show_default=True, type=click.IntRange(0), help="Reads per month."
)
@click.option(
    "--cache",
    type=click.Choice(("none", "serverless")),
    default="none",
    show_default=True,
    help="The parameter Cache of the stack.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def show(uploads: int, reads: int, cache: str, as_json: bool) -> None:
    """Show what an upload, a read and a month cost on AWS, line by line.

    Estimated from published prices and measured durations; needs no stack.
    """
    from json import dumps

    from imageservice_operator.operations.standard_output import StandardOutput

    cached = cache == "serverless"
    bills = (
        cost.per_upload(),
        cost.per_read(cache=cached),
        cost.per_month(uploads, reads, cache=cached),
    )
    if as_json:
        click.echo(
            dumps(
                {
                    "looked_up": prices.LOOKED_UP,
                    "region": prices.REGION,
                    "bills": [b.as_json() for b in bills],
                }
            )
        )
        return
    out = StandardOutput()
    for bill in bills[:2]:
        out.print(_table(bill, 1_000_000))
        out.print()
    out.print(_table(bills[2], 1))
    out.print("\nTo compare, a month of the whole service:")
    for name, dollars in cost.PEERS:
        out.print(f"  ${dollars:,.0f}  {name}", markup=False)
    out.print(
        f"\nPrices: {prices.REGION}, {prices.LOOKED_UP}. With many reads, traffic to the internet is most of the bill."
    )


def _table(bill: Bill, times: int) -> object:
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
