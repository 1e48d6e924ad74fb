"""Which call answers a request."""

from collections.abc import Callable, Mapping

from imageservice.core.errors import Problem
from imageservice.http.events import Event
from imageservice.http.problems import problem
from imageservice.http.responses import Response

Routes = Mapping[str, Callable[[Event], Response]]
"""A call for each of API Gateway's route keys, such as "PUT /images/{id+}"."""


def dispatch(event: Event, routes: Routes) -> Response:
    """The answer of the event's route; a Problem that the call raises is answered as one."""
    try:
        return routes[event["routeKey"]](event)
    except Problem as error:
        return problem(error)
