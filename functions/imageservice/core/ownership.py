"""Which ids the bearer of a token may write, by a claim in the token.

The rule (parameter `JwtPrefixClaim`) is one of

    users/{sub}/     a text with claims in braces: each bearer writes below a prefix of their own
    image_prefixes   a claim's name: the claim itself lists the prefixes, such as ["shop/", "news/"]

API Gateway has checked the token; it passes claims on as text, a list as `[a b]`.
Source: docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

import re
from collections.abc import Mapping, Sequence

from imageservice.core.errors import WriteForbidden

_CLAIM = re.compile(r"\{([^{}]*)\}")


def check_may_write(image_id: str, rule: str, claims: Mapping[str, str]) -> None:
    """Raises WriteForbidden unless the token's claims permit writing this id. An empty rule permits every id."""
    if not rule:
        return
    allowed = _from_template(rule, claims) if "{" in rule else _listed(claims.get(rule, ""))
    if any(prefix and image_id.startswith(prefix) for prefix in allowed):
        return
    if not allowed:
        raise WriteForbidden(f"The token permits no id: it has no usable claim for {rule}.")
    raise WriteForbidden(f"The token permits only ids that begin with {' or '.join(allowed)}.")


def _from_template(rule: str, claims: Mapping[str, str]) -> Sequence[str]:
    """The prefix with the claims in it; none if a claim is missing, or would change the path's structure."""
    values = {name: claims.get(name, "") for name in _CLAIM.findall(rule)}
    if any(not value or "/" in value or value in (".", "..") for value in values.values()):
        return ()
    return (_CLAIM.sub(lambda found: values[found[1]], rule),)


def _listed(claim: str) -> Sequence[str]:
    if claim.startswith("[") and claim.endswith("]"):
        return tuple(claim[1:-1].split())
    return tuple(part.strip() for part in claim.split(",") if part.strip())
