"""An HTTP API's OpenAPI body as routes, integrations and authorizers of their own.

SAM puts the whole API into `Body`, which MiniStack ignores.
"""

from __future__ import annotations

from typing import Any

ANY = "x-amazon-apigateway-any-method"
AUTHORIZER = "x-amazon-apigateway-authorizer"
INTEGRATION = "x-amazon-apigateway-integration"

Resources = dict[str, dict[str, Any]]


def spelled_out(resources: Resources) -> Resources:
    """`resources` with the body of each AWS::ApiGatewayV2::Api taken apart."""
    result: Resources = {}
    for name, resource in resources.items():
        result[name] = resource
        if resource["Type"] != "AWS::ApiGatewayV2::Api" or "Body" not in resource["Properties"]:
            continue
        properties = dict(resource["Properties"])
        body = properties.pop("Body")
        result[name] = {**resource, "Properties": _api(name, properties, body)}
        authorizers = _authorizers(name, body)
        result |= {logical_id: made for _, logical_id, made in authorizers.values() if logical_id and made}
        result |= _routes(name, body, authorizers, resource.get("Condition"))
    return result


def _api(name: str, properties: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    properties.setdefault("Name", {"Fn::Sub": "${AWS::StackName}-" + name})
    properties["ProtocolType"] = "HTTP"
    properties.pop("FailOnWarnings", None)
    cors = body.get("x-amazon-apigateway-cors")
    if cors:
        properties.setdefault(
            "CorsConfiguration", {key[0].upper() + key[1:]: value for key, value in cors.items()}
        )
    tags = properties.get("Tags")
    if isinstance(tags, list):
        properties["Tags"] = {tag["Key"]: tag["Value"] for tag in tags}
    return properties


def _authorizers(api: str, body: dict[str, Any]) -> dict[str, tuple[str, str | None, dict[str, Any] | None]]:
    """By name in the body: authorization type, and logical id and resource where it needs one."""
    found: dict[str, tuple[str, str | None, dict[str, Any] | None]] = {}
    for name, scheme in (body.get("components", {}).get("securitySchemes") or {}).items():
        spec = scheme.get(AUTHORIZER)
        if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4" or spec is None:
            found[name] = ("AWS_IAM", None, None)
            continue
        is_jwt = spec.get("type") == "jwt"
        source = spec.get("identitySource", "$request.header.Authorization")
        properties: dict[str, Any] = {
            "ApiId": {"Ref": api},
            "Name": name,
            "AuthorizerType": "JWT" if is_jwt else "REQUEST",
            "IdentitySource": source if isinstance(source, list) else [source],
        }
        if is_jwt:
            properties["JwtConfiguration"] = {
                key[0].upper() + key[1:]: value for key, value in spec["jwtConfiguration"].items()
            }
        else:
            properties["AuthorizerUri"] = spec["authorizerUri"]
            properties["AuthorizerPayloadFormatVersion"] = spec.get("authorizerPayloadFormatVersion", "2.0")
            properties["EnableSimpleResponses"] = spec.get("enableSimpleResponses", False)
        resource = {"Type": "AWS::ApiGatewayV2::Authorizer", "Properties": properties}
        found[name] = ("JWT" if is_jwt else "CUSTOM", f"{api}{name}Authorizer", resource)
    return found


def _routes(api: str, body: dict[str, Any], authorizers: Any, condition: str | None) -> Resources:
    result: Resources = {}
    operations = [
        (path, method, operation)
        for path, methods in body.get("paths", {}).items()
        for method, operation in methods.items()
        if isinstance(operation, dict) and INTEGRATION in operation
    ]
    for number, (path, method, operation) in enumerate(operations, 1):
        spec = operation[INTEGRATION]
        integration, route = f"{api}Integration{number}", f"{api}Route{number}"
        properties: dict[str, Any] = {
            "ApiId": {"Ref": api},
            "IntegrationType": "AWS_PROXY",
            "IntegrationMethod": "POST",
            "IntegrationUri": spec["uri"],
            "PayloadFormatVersion": spec.get("payloadFormatVersion", "2.0"),
        }
        if "timeoutInMillis" in spec:
            properties["TimeoutInMillis"] = spec["timeoutInMillis"]
        verb = "ANY" if method == ANY else method.upper()
        target = {
            "ApiId": {"Ref": api},
            "RouteKey": "$default" if path.lstrip("/") == "$default" else f"{verb} {path}",
            "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration}]]},
            **_authorization(operation, authorizers),
        }
        result[integration] = {"Type": "AWS::ApiGatewayV2::Integration", "Properties": properties}
        result[route] = {"Type": "AWS::ApiGatewayV2::Route", "Properties": target}
        if condition:
            result[integration]["Condition"] = result[route]["Condition"] = condition
    return result


def _authorization(operation: dict[str, Any], authorizers: Any) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for requirement in operation.get("security") or []:
        for name, scopes in requirement.items():
            kind, logical_id, _ = authorizers.get(name, ("NONE", None, None))
            fields["AuthorizationType"] = kind
            if logical_id:
                fields["AuthorizerId"] = {"Ref": logical_id}
            if scopes:
                fields["AuthorizationScopes"] = scopes
    return fields
