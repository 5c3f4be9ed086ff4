"""Schemas of the gateway's own answers, for `/openapi.json`: each object with its members, written in a short form.

An object is a text of `name:type` with spaces between. `~` after a name: the member may be absent. A type is `s` text,
`n` text that is not empty, `d` day, `t` moment, `m` amount as a decimal string, `i` whole number, `b` truth value, `o`
any object, `v` any value, `[type]` a list, `[type]+` one that is not empty, `{type}` an object with any names, or the
name of another schema; `a|b` either of two, outside brackets; `?` after it: or null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.errors import Json
from gateway.core.evaluation import Kind
from gateway.core.health import FaultScope
from gateway.core.posture import DIMENSIONS, SCALES

_FORMS: Final = {"retention_days": "i|s", **dict.fromkeys(SCALES, "s")}
_POSTURE: Final = " ".join(f"{name}:{_FORMS.get(name, '[s]|s')}" for name in DIMENSIONS)
_FIGURES: Final = "attempts:i failures:i failure_share:i? first_p50_ms:i? first_p95_ms:i?"

OBJECTS: Final[Mapping[str, str]] = {
    "Catalogue": "object:s snapshot:s data:[ModelEntry]",
    "ModelEntry": ("id:s name:s lab:s kind:s aliases:[s] open_weights:b? licence:s? routes:i routes_you_may_use:i"),
    "Model": (
        "id:s name:s lab:s kind:s aliases:[s] open_weights:b? licence:s? abilities:Abilities facts:{s} description:s "
        "benchmarks:[Benchmark] routes:[Route]"
    ),
    "Abilities": ("tools:b? structured_output:b? reasoning:b? inputs:[s]? outputs:[s]? context:i? max_output:i?"),
    "Benchmark": (
        "benchmark:s score:m? metric:s higher_is_better:b independent:b version:s? setting:s? dated:s? source:s note:s?"
    ),
    "Route": (
        "route:s provider:s provider_name:s plan:s operator:s variant:s? quantization:s? status:s retires_on:d? "
        "successor:s? upstream_assumed:b region:s? posture:Posture evidence:{Fact} exceptions:[Exception] price:Price? "
        "abilities:Abilities note:s? eligible:b admitted_by_policy:b reasons:[DecidedReason]"
    ),
    "Posture": _POSTURE,
    "Fact": "value:v read_on:d? verified_on:d? verified_by:s? sources:[Source] disputed:[v] note:s?",
    "Source": "url:s dated:s?",
    "Exception": "id:s note:s",
    "Price": "currency:s per_million:{m} tiers:[PriceTier] free:b source:s? read_on:d? note:s?",
    "PriceTier": "above_input_tokens:i per_million:{m}",
    "Reason": "kind:ReasonKind dimension:s? offered:v demanded:v layer:s? policy:s?",
    "WordedReason": "kind:ReasonKind dimension:s? offered:v demanded:v layer:s? policy:s? words:s",
    "DecidedReason": (
        "kind:ReasonKind dimension:s? offered:v demanded:v layer:s? policy:s? words:s facts:[DecidingFact]"
    ),
    "DecidingFact": "origin:s dimension:s value:v dated:d? verified_on:d? sources:[s]",
    "Explanation": "model:s routes:[Route]",
    "Usage": "by:[s] currency:s? data:[UsageLine]",
    "UsageLine": (
        "day~:d team~:s key~:s model~:s provider~:s route~:s region~:s policy~:s organisation~:s currency~:s "
        "end_user~:s countries~:s outcome~:s exchanges:i sent:i usage:{i} cost:m held:m"
    ),
    "ReceiptList": "filters:{s} data:[ReceiptLine] next:s?",
    "ReceiptLine": (
        "id:s began_at:t outcome:Outcome model:s team:s key:s key_label:s? left_for:[s] tokens_in:i tokens_out:i "
        "cost:m currency:s"
    ),
    "Outcome": "mark:Mark words:s code:s?",
    "Receipt": (
        "id:s began_at:t organisation:s team:s key:s end_user:s dialect:s operation:s model:s demand:o narrowing:[o] "
        "version:s documents:s capabilities:s day:s policy:o health:o plan:[s] rejections:o attempts:[Attempt] "
        "outcome:s code:s route:s region:s posture:o currency:s cost:i dropped:[s] duration_ms:i schema:i chain:s "
        "sequence:i previous:s erased:[s]"
    ),
    "Attempt": (
        "route:s dialect:s began_ms:i first_event_ms:i ended_ms:i left:b outcome:s fault:s status:i upstream_code:s "
        "region:s posture_digest:s evidence_from:s hold_id:s hold:i over_hold:b cost:i price:s output_limit:i? "
        "usage:{i} usage_source:s reported:o observed:o suspect:s"
    ),
    "ExplainedReceipt": (
        "id:s began_at:t sentence:s outcome:Outcome organisation:s team:s key:s key_label:s? end_user:s? model:s "
        "cost:m currency:s duration_ms:i tokens_in:i tokens_out:i timeline:[Event] decision:Decision "
        "facts:[AttemptFacts] posture:[PostureLine] dropped:[s] proof:Proof erased:[s] record:Receipt"
    ),
    "Event": "kind:s at_ms:i route:s? words:s detail:s?",
    "Decision": "layers:[Layer] documents:s day:s routes:[JudgedRoute]",
    "Layer": "layer:s policy:s",
    "JudgedRoute": "route:s verdict:Verdict reasons:[CodedReason]",
    "Verdict": "mark:Mark words:s",
    "CodedReason": "code:s words:s",
    "AttemptFacts": "route:s countries:[s] reported_region:s? posture_digest:s? evidence_from:s?",
    "PostureLine": "dimension:s label:s words:s",
    "Proof": "schema:i chain:s? sequence:i? previous:s? signature:s?",
    "Places": (
        "filters:{s} since:d until:d home:Home measure:s lede:s requests:i failed:i sides:Sides places:[Place] "
        "map:[Sheet] beside:[Place] days:[PlaceDay]"
    ),
    "Home": "word:s words:s",
    "Sides": "inside:i partly:i outside:i not_stated:i",
    "Place": (
        "countries:[s] value:s code:s? words:s mark:Mark side:s certain:b named:i names:s requests:i share:i "
        "tokens_in:i tokens_out:i failed:i providers:[s]"
    ),
    "Sheet": "name:s columns:i rows:i tiles:[Tile]",
    "Tile": "code:s name:s column:i row:i count:i short:s? level:i home:b perhaps:b",
    "PlaceDay": "day:d inside:i partly:i outside:i not_stated:i",
    "Spend": (
        "filters:{s} currencies:[s] by:[s] currency:s since:d until:d total:m unreported:m requests:i "
        "data:[SpendLine] series:[s] days:[SpendDay]"
    ),
    "SpendLine": (
        "team~:s key~:s model~:s provider~:s route~:s policy~:s countries~:s words:s cost:m unreported:m share:i "
        "requests:i tokens_in:i tokens_out:i"
    ),
    "SpendDay": "day:d costs:[m]?",
    "Budgets": "currency:s timezone:s data:[Budget]",
    "Budget": (
        "account:s window:s soft:b limit:m spent:m held:m left:m ends_at:t? forecast:m? kind:s name:s words:s "
        "bar:BudgetBar over:b"
    ),
    "BudgetBar": "spent:i held:i forecast:i? limit:i",
    "Policies": "snapshot:s data:[PolicyCard]",
    "PolicyCard": (
        "name:s purpose:s clauses:[Clause] rules:[s] used_by:[s] teams:[s] routes:i models:i connected:i document:s?"
    ),
    "Clause": "clause:s label:s words:s",
    "Draft": (
        "since:d until:d clauses:[PricedClause] routes:i of_routes:i models:i of_models:i connected:i lost:[s] "
        "traffic:Traffic toml:s"
    ),
    "PricedClause": "clause:s label:s words:s routes:i models:i loses:[Loser]",
    "Loser": "operator:s routes:i",
    "Traffic": "currency:s requests:i cost:m cost_then:m unserved:[s]",
    "Why": "model:s layers:[Layer] routes:[WhyRoute] closest:[Relaxation]",
    "WhyRoute": "route:s verdict:Verdict reasons:[WordedReason] one_clause~:b",
    "Relaxation": "relax:Reason words:s admits:[s] connected:[s]",
    "Health": "sentence:s providers:[ProviderHealth] workers:Workers complete:b ending:[Notice]",
    "ProviderHealth": (
        f"provider:s name:s state:s mark:Mark words:s routes:i outages:[Outage] {_FIGURES} by_route:[RouteFigures]"
    ),
    "RouteFigures": f"route:s {_FIGURES}",
    "Outage": "place:s kind:FaultScope status:i? since:t? until:t words:s workers:i of_workers:i",
    "Workers": "answered:i of:i",
    "Notice": "kind:s provider:s routes:[s] day:d? successors:[s] names:[s] words:s remedy:s",
    "Key": (
        "id:s kind:s label:s? created_at:t? expires_at:t? team:Named organisation:Named policies:[PolicyLayer] bound:o "
        "max_evidence_age_days:i? classes:[s] default_class:s? limits:[o] currency:s timezone:s budgets:[Budget]"
    ),
    "Named": "id:s name:s",
    "PolicyLayer": "layer:s policy:s purpose:s?",
    "Readiness": "status:s",
    "OpenApi": "openapi:s info:o servers:[o] security:[o] paths:o components:o",
    "OpenAIError": "error:OpenAIFault",
    "OpenAIFault": "message:s type:s param:s? code:s",
    "AnthropicFault": "type:s message:s details:o",
    "GoogleError": "error:GoogleFault",
    "GoogleFault": "code:i message:s status:s details:[o]",
    "ChatRequest": "model:n messages:[Message]+ stream~:b",
    "ResponsesRequest": "model:n input:n|[Message]+ stream~:b",
    "TokenCountRequest": "model:n input:n|[Message]+",
    "CompletionsRequest": "model:n prompt:n|[n]+",
    "EmbeddingsRequest": "model:n input:n|[n]+",
    "MessagesRequest": "model:n max_tokens:i messages:[Message]+ stream~:b",
    "MessagesCountRequest": "model:n messages:[Message]+",
    "Message": "role:Role content:n",
    "GoogleRequest": "contents:[GoogleContent]+",
    "GoogleEmbedRequest": "content:GoogleContent",
    "GoogleBatchRequest": "requests:[GoogleBatchItem]+",
    "GoogleBatchItem": "model:n content:GoogleContent",
    "GoogleContent": "role~:GoogleRole parts:[GooglePart]+",
    "GooglePart": "text:n",
}
"""Name -> the members of an object. Every answer may gain members; none is taken away."""

ENUMS: Final[Mapping[str, tuple[str, ...]]] = {
    "Role": ("user",),
    "GoogleRole": ("user",),
    "Mark": ("good", "fair", "poor", "none", "dash"),
    "ReasonKind": tuple(sorted(kind.value for kind in Kind)),
    "FaultScope": tuple(scope.value for scope in FaultScope),
}
_WORDS: Final[Mapping[str, Mapping[str, Json]]] = {
    "s": {"type": "string"},
    "d": {"type": "string", "format": "date"},
    "t": {"type": "string", "format": "date-time"},
    "m": {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
    "i": {"type": "integer"},
    "n": {"type": "string", "minLength": 1},
    "b": {"type": "boolean"},
    "o": {"type": "object"},
    "v": {},
}


def schemas() -> dict[str, Json]:
    """Every schema by its name."""
    objects: dict[str, Json] = {name: _object(members) for name, members in OBJECTS.items()}
    enums: dict[str, Json] = {name: {"type": "string", "enum": [*words]} for name, words in ENUMS.items()}
    return {
        **objects,
        **enums,
        "AnthropicError": {
            "type": "object",
            "required": ["type", "error"],
            "properties": {"type": {"const": "error"}, "error": schema_of("AnthropicFault")},
        },
        "Refusal": {"anyOf": [schema_of(name) for name in _REFUSALS]},
    }


_REFUSALS: Final = ("OpenAIError", "AnthropicError", "GoogleError", "[GoogleError]")
"""Errors of the families; a stream of Google that has not begun answers with a list of one."""


def schema_of(text: str) -> dict[str, Json]:
    """The schema of a type in the short form."""
    if text.endswith("?"):
        return {"anyOf": [schema_of(text[:-1]), {"type": "null"}]}
    if "|" in text:
        return {"anyOf": [schema_of(part) for part in text.split("|")]}
    if text.endswith("]+"):
        return {**schema_of(text[:-1]), "minItems": 1}
    if text.startswith("["):
        return {"type": "array", "items": schema_of(text[1:-1])}
    if text.startswith("{"):
        return {"type": "object", "additionalProperties": schema_of(text[1:-1])}
    return dict(_WORDS[text]) if text in _WORDS else {"$ref": f"#/components/schemas/{text}"}


def _object(members: str) -> dict[str, Json]:
    required: list[Json] = []
    properties: dict[str, Json] = {}
    for member in members.split():
        name, _, kind = member.partition(":")
        properties[name.removesuffix("~")] = schema_of(kind)
        if not name.endswith("~"):
            required.append(name)
    return {"type": "object", "required": required, "properties": properties}
