"""Which call answers a request."""

from collections.abc import Callable, Mapping

from imageservice.core.errors import Problem, StoreUnavailable
from imageservice.http.events import Event
from imageservice.http.problems import problem
from imageservice.http.responses import Response

Routes = Mapping[str, Callable[[Event], Response]]
"""A call for each of API Gateway's route keys, such as "PUT /images/{id+}"."""


def dispatch(event: Event, routes: Routes) -> Response:
    """The answer of the event's route; a Problem that the call raises is answered as one.

    Raises StoreUnavailable, whose message is for the log and not for the client.
    """
    try:
        return routes[event["routeKey"]](event)
    except StoreUnavailable:
        raise
    except Problem as error:
        return problem(error)
