"""The shape of a request to generate or to count: every member whose effect on content is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.core.catalog import Feature
from gateway.core.demand import Reliance
from gateway.dialects.google.content import CONTEXT_TOKENS
from gateway.dialects.google.survey import CONTENT, FIGURE, TOOL, WORD, message
from gateway.dialects.shapes import (
    FLAG,
    SCALAR,
    TEXT,
    MemberShape,
    demanded,
    either,
    keeping,
    leaves,
    opaque,
    rows,
    switched,
    table,
)

COUNTED: Final = "generateContentRequest"
"""Member of a countTokens request that holds a whole request instead of bare contents."""

_VOICE: Final = message(
    "voiceConfig",
    {
        "voice": TEXT,
        "prebuiltVoiceConfig": message("prebuiltVoiceConfig", {"voiceName": TEXT}),
    },
)
_SPEAKER: Final = message("speakerVoiceConfigs", {"speaker": TEXT, "voiceConfig": _VOICE})
_SPEECH: Final = message(
    "speechConfig",
    {
        "languageCode": TEXT,
        "voiceConfig": _VOICE,
        "multiSpeakerVoiceConfig": message(
            "multiSpeakerVoiceConfig", {"speakerVoiceConfigs": rows("speakerVoiceConfigs", _SPEAKER, single=True)}
        ),
    },
)
_IMAGE: Final = message(
    "imageConfig",
    {
        **leaves(WORD, "aspectRatio imageSize personGeneration prominentPeople outputMimeType"),
        "outputCompressionQuality": FIGURE,
        "imageOutputOptions": message("imageOutputOptions", leaves(FIGURE, "mimeType compressionQuality")),
    },
)
CONFIG: Final[Mapping[str, MemberShape]] = {
    **leaves(
        FIGURE,
        "temperature topP topK candidateCount maxOutputTokens seed presencePenalty frequencyPenalty logprobs",
    ),
    **leaves(FLAG, "responseLogprobs audioTimestamp enableEnhancedCivicAnswers"),
    "stopSequences": rows("stopSequences", TEXT, single=True),
    "responseMimeType": TEXT,
    **leaves(opaque, "responseSchema responseJsonSchema"),
    "responseModalities": rows("responseModalities", WORD, single=True),
    "mediaResolution": WORD,
    "thinkingConfig": message(
        "thinkingConfig", {"includeThoughts": FLAG, "thinkingBudget": FIGURE, "thinkingLevel": WORD}
    ),
    "speechConfig": _SPEECH,
    "imageConfig": _IMAGE,
}
"""Members of `generationConfig`, each with its shape."""

TOOL_CONFIG: Final[Mapping[str, MemberShape]] = {
    "functionCallingConfig": message(
        "functionCallingConfig",
        {
            "mode": WORD,
            "allowedFunctionNames": rows("allowedFunctionNames", TEXT, single=True),
            "streamFunctionCallArguments": FLAG,
        },
    ),
    "retrievalConfig": message(
        "retrievalConfig", {"languageCode": TEXT, "latLng": message("latLng", leaves(FIGURE, "latitude longitude"))}
    ),
    "includeServerSideToolInvocations": FLAG,
}
"""Members of `toolConfig`, each with its shape."""

_SAFETY: Final = message("safetySettings", leaves(WORD, "category threshold method"))
MEMBERS: Final[Mapping[str, MemberShape]] = {
    "provider": opaque,  # it never travels
    "model": TEXT,
    "contents": rows("contents", CONTENT, single=True),
    "systemInstruction": either(frozenset({type(None)}), CONTENT),
    "tools": rows("tools", TOOL, single=True),
    "toolConfig": message("toolConfig", TOOL_CONFIG),
    "safetySettings": rows("safetySettings", _SAFETY, single=True),
    "generationConfig": demanded(
        message("generationConfig", CONFIG), lambda c: c is None or c.__class__ is dict, "must be an object"
    ),
    "cachedContent": keeping(Feature.EXPLICIT_CACHE, rests_on=Reliance("cachedContent"), tokens=CONTEXT_TOKENS),
    "labels": table("labels", SCALAR),
    "serviceTier": WORD,
    "store": switched(Feature.STORED_RESPONSES),
}
"""Top-level members whose effect on content is known, each with its shape."""

REQUEST: Final = message("", MEMBERS)
_INNER: Final = demanded(REQUEST, lambda request: request.__class__ is dict, "must be an object")
COUNT_REQUEST: Final = message("", {**leaves(opaque, "provider model"), COUNTED: _INNER})
"""A countTokens request that keeps a whole request. Nothing else stands beside it."""
