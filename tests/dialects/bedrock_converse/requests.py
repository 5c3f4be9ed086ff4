"""Requests of Converse, judged by the service model of botocore."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator

from gateway.core.catalog import Route
from gateway.dialects.bedrock_converse.encode import written
from gateway.dialects.dialect import Rendered, RequestOverrides
from gateway.dialects.neutral import Conversation, Part, Role, Text, Turn
from tests.builders import a_demand, a_model, a_route

CLAUDE = "eu.anthropic.claude-sonnet-4-6"
NOVA = "eu.amazon.nova-2-lite-v1:0"
NO_ORDERS = RequestOverrides()


def a_converse_route(upstream_model: str = CLAUDE, **facts: str) -> Route:
    return a_route(model=a_model(facts=facts), upstream_model=upstream_model)


def user(*parts: Part) -> Turn:
    return Turn(Role.USER, parts or (Text("hello"),))


def sent(
    asked: Conversation, route: Route | None = None, orders: RequestOverrides = NO_ORDERS
) -> tuple[Rendered, dict[str, Any]]:
    """What goes upstream, after the service model has found nothing wrong with it."""
    rendered = written(asked, a_demand(), route or a_converse_route(), orders)
    body = json.loads(rendered.body)
    report = ParamValidator().validate({"modelId": "x", **body}, _input())
    assert not report.has_errors(), report.generate_report()
    return rendered, body


@cache
def _input() -> Shape:
    model = ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))
    return model.operation_model("Converse").input_shape
