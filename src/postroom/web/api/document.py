"""The OpenAPI 3.1 document of the API, from the tables of operations (https://spec.openapis.org/oas/v3.1.1)."""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import NODEFAULT

from postroom import __version__
from postroom.model.people import SCOPES
from postroom.web.api import customer
from postroom.web.api.operation import PREFIX, Input, Nothing, Operation, Output, Shape, shape
from postroom.web.api.problem import MEDIA, ProblemDetails
from postroom.web.api.taking import fields

_REF = "#/components/schemas/{name}"
_KEY = "key"
_CUSTOMER = "customer"
_ALWAYS = (401, 404, 429, 503)
_WHEN = {
    400: "What was sent can't be read.",
    401: "No key, or none that is known.",
    403: "The key's scope or its user's role is not enough.",
    404: "There is no such thing, or it is not for you: nobody can tell which.",
    409: "Something has changed meanwhile, or it can't be done as things are.",
    413: "The body is too large.",
    415: "The body is no JSON.",
    422: "A parameter or the body is not as it should be; `errors` says where.",
    429: "Too many calls a minute, or too many answers kept by Idempotency-Key; Retry-After says how long to wait.",
    503: "Not now; Retry-After says how long to wait.",
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Chosen by you, e.g. a UUID: the same request with it is done once, for a day.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "example": "0b5f0b0e-6a0d-4c1e-9d4a-0a2f6c1f7b11",
}
_ABOUT = """\
What the pages of postroom do, for programmes.

**Keys** are made by an admin, on the page or by `postroom key add`, and belong to a user: what the user may not see or do, the key may
not. Its scope narrows that further; each holds those before it: {scopes}.

**Lists** come in pages: ask again with `after` until it comes back empty.

**Repeating.** `GET` may be repeated. An operation that takes an `Idempotency-Key` is done once a key and day: asked again, it
answers what it answered. The others change nothing more when they are done again.

**What goes wrong** is told as application/problem+json (RFC 9457).

Names are only ever added: ignore those that you don't know."""


def document(operations: Sequence[Operation], server: str = "") -> dict[str, Any]:
    """The document, as JSON has it. ``server`` is where the API is asked for, e.g. ``https://postroom.example.com``."""
    shapes = [(one, shape(one)) for one in operations]
    kinds = {kind for _, one in shapes for kind in (one.body, one.gives) if kind not in (Nothing, None)}
    ordered = sorted({*kinds, customer.CustomerInfo, ProblemDetails}, key=lambda kind: kind.__name__ if kind else "")
    _, schemas = msgspec.json.schema_components(ordered, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation, one in shapes:
        paths.setdefault(PREFIX + operation.path, {})[operation.method.lower()] = _operation(operation, one)
    paths[PREFIX + customer.PATH] = {"get": _customer_info()}
    scopes = ", ".join(f"`{scope}` ({role})" for scope, role in SCOPES.items())
    found = {
        "openapi": "3.1.1",
        "info": {
            "title": "postroom",
            "version": __version__,
            "summary": "Reads support mail, finds the desk it belongs to.",
            "description": _ABOUT.format(scopes=scopes),
        },
        "servers": [{"url": server or "/"}],
        "security": [{_KEY: []}],
        "tags": [{"name": tag} for tag in dict.fromkeys([*map(tag_of, operations), _CUSTOMER])],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": {_problem_name(status): _problem(status) for status in _WHEN},
            "securitySchemes": {
                _KEY: {"type": "http", "scheme": "bearer", "description": f"A key, pr_…; scopes: {scopes}."},
                _CUSTOMER: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Base64 of the HMAC-SHA256 over the query as it stands in the address.",
                },
            },
        },
    }
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def tag_of(operation: Operation) -> str:
    """The module that it stands in."""
    return operation.do.__module__.rpartition(".")[2]


def words(operation: Operation) -> tuple[str, str]:
    """Summary and description of an operation, without the line breaks of code."""
    paragraphs = [" ".join(part.split()) for part in (operation.do.__doc__ or "").strip().split("\n\n")]
    return paragraphs[0].rstrip("."), "\n\n".join(paragraphs)


def statuses(operation: Operation, form: Shape) -> tuple[int, ...]:
    """What may go wrong."""
    takes = form.body is not Nothing
    found = {
        *_ALWAYS,
        *((403,) if operation.scope != "read" else ()),
        *((409,) if operation.method != "GET" else ()),
        *((400, 413, 415) if takes else ()),
        422,
    }
    return tuple(sorted(found))


def _operation(operation: Operation, form: Shape) -> dict[str, Any]:
    summary, description = words(operation)
    found: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [tag_of(operation)],
        "summary": summary,
        "description": f"{description}\n\nTakes the scope `{operation.scope}`.",
        "security": [{_KEY: [operation.scope]}],
        "parameters": [
            *_parameters(form.asked, operation.path),
            *((_IDEMPOTENCY_KEY,) if not operation.idempotent else ()),
        ],
        "responses": {
            "200": _answer(form.gives, operation.media),
            **_problems(statuses(operation, form)),
        },
    }
    if form.body is not Nothing:
        content: dict[str, Any] = {"schema": {"$ref": _REF.format(name=form.body.__name__)}}
        if operation.example is not None:
            content["example"] = operation.example
        found["requestBody"] = {
            "required": any(one.required for one in fields(form.body)),
            "content": {"application/json": content},
        }
    return found


def _customer_info() -> dict[str, Any]:
    return {
        "operationId": "get_customer_info",
        "tags": [_CUSTOMER],
        "summary": "What a helpdesk shows beside a customer's conversation",
        "description": "There only where `pages.customer_info_secret_file` is set.",
        "security": [{_CUSTOMER: []}],
        "parameters": list(_parameters(customer.OfCustomer)),
        "responses": {
            "200": _answer(customer.CustomerInfo, "application/json"),
            **_problems((401, 404, 422, 429, 503)),
        },
    }


def _problems(known: Sequence[int]) -> dict[str, Any]:
    return {str(status): {"$ref": f"#/components/responses/{_problem_name(status)}"} for status in known}


def _parameters(kind: type[Input], path: str = "") -> Iterator[dict[str, Any]]:
    in_path = re.findall(r"{(\w+)}", path)
    kinds = {one.encode_name: one for one in msgspec.structs.fields(kind)}
    for one in fields(kind):
        schema = msgspec.json.schema(kinds[one.encode_name].type)
        description = schema.pop("description", "")
        examples = schema.pop("examples", [])
        if one.default is not NODEFAULT and one.default is not None and one.default != "":
            schema["default"] = one.default
        yield {
            "name": one.encode_name,
            "in": "path" if one.encode_name in in_path else "query",
            "required": one.required,
            **({"description": description} if description else {}),
            "schema": schema,
            **({"example": examples[0]} if examples else {}),
        }


def _answer(gives: type[Output] | None, media: str) -> dict[str, Any]:
    headers = {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in (
            ("RateLimit", "What is left (draft-ietf-httpapi-ratelimit-headers)."),
            ("RateLimit-Policy", "How many calls a minute a key may make."),
        )
    }
    if gives is None:
        schema: dict[str, Any] = {"type": "string"} if media.startswith("text/") else {}
        return {"description": "The bytes.", "headers": headers, "content": {media: {"schema": schema}}}
    return {
        "description": (gives.__doc__ or "").partition("\n")[0],
        "headers": headers,
        "content": {media: {"schema": {"$ref": _REF.format(name=gives.__name__)}}},
    }


def _problem_name(status: int) -> str:
    return "".join(HTTPStatus(status).phrase.title().split())


def _problem(status: int) -> dict[str, Any]:
    schema = {"$ref": _REF.format(name=ProblemDetails.__name__)}
    example = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": _WHEN[status],
        "errors": [],
    }
    return {"description": _WHEN[status], "content": {MEDIA: {"schema": schema, "example": example}}}
