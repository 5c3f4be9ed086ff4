"""Members of OpenAI-compatible servers that steer sampling, thinking or the form of an answer, and nothing else.

Sources: the request types of vLLM, llama.cpp's server, SGLang and Ollama, and the references of OpenRouter, Mistral,
DeepSeek, Groq, Together, Fireworks, Z.ai, Moonshot and Alibaba (November 2026). Members that name state, slots, hosts,
sessions, adapters, other models, plugins or searches are left out on purpose; `cache_salt` only separates caches.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gateway.dialects.shapes import FLAG, NUMBER, SCALAR, TEXT, MemberShape, either, leaves, opaque, record, rows, table

_TEXTS: Final = "bad_words dry_sequence_breakers transforms samplers response_fields"
_IDS: Final = "stop_token_ids allowed_token_ids"

_OLLAMA: Final = record(
    "options",
    {
        **leaves(
            SCALAR,
            "num_ctx num_predict num_keep num_batch num_gpu num_thread seed temperature top_k top_p min_p typical_p "
            "repeat_last_n repeat_penalty presence_penalty frequency_penalty penalize_newline mirostat mirostat_tau "
            "mirostat_eta tfs_z",
        ),
        "stop": either(TEXT, rows("options.stop", TEXT)),
    },
)

_THINKING: Final = record("thinking", leaves(SCALAR, "type budget_tokens keep clear_thinking"))
_GOOGLE: Final = record(
    "extra_body.google",
    {
        "thinking_config": record(
            "extra_body.google.thinking_config",
            leaves(
                SCALAR,
                "include_thoughts thinking_budget thinking_level includeThoughts thinkingBudget thinkingLevel",
            ),
        ),
        "thought_tag_marker": TEXT,
    },
)

SAMPLING: Final[Mapping[str, MemberShape]] = {
    **leaves(
        NUMBER,
        "top_k top_a min_p top_n_sigma typical_p typical tfs_z epsilon_cutoff eta_cutoff repetition_penalty "
        "repeat_penalty repeat_last_n length_penalty best_of min_tokens max_new_tokens n_predict num_predict min_keep "
        "n_probs n_keep n_indent prompt_logprobs truncate_prompt_tokens priority random_seed sampling_seed "
        "mirostat mirostat_tau mirostat_eta mirostat_lr mirostat_target dynatemp_range dynatemp_exponent "
        "dry_multiplier dry_base dry_allowed_length dry_penalty_last_n dry_range xtc_probability xtc_threshold "
        "smoothing_factor smoothing_curve adaptive_target adaptive_decay t_max_predict_ms "
        "thinking_budget thinking_token_budget reasoning_budget reasoning_budget_tokens reasoning_tokens "
        "document_image_limit document_page_limit prompt_truncate_len prompt_truncate_length no_repeat_ngram_size",
    ),
    **leaves(
        FLAG,
        "ignore_eos skip_special_tokens spaces_between_special_tokens include_stop_str_in_output add_generation_prompt "
        "add_special_tokens continue_final_message use_beam_search early_stopping do_sample penalize_nl no_stop_trim "
        "return_tokens_as_token_ids return_token_ids return_tokens return_progress timings_per_token "
        "post_sampling_probs parse_tool_calls include_reasoning separate_reasoning stream_reasoning reasoning_split "
        "enable_thinking preserve_thinking clear_thinking thinking_forced_open tool_stream safe_prompt cache_prompt "
        "disable_reasoning disable_tool_validation structured_outputs_strict perf_metrics_in_response "
        "continuous_usage_stats temperature_last",
    ),
    **leaves(
        TEXT,
        "grammar regex ebnf guided_regex guided_grammar guided_decoding_backend guided_whitespace_pattern "
        "structural_tag reasoning_format prompt_mode chat_format context_length_exceeded_behavior cache_salt "
        "citation_options",
    ),
    **leaves(SCALAR, "echo think thinking_mode keep_alive"),
    **{name: rows(name, TEXT) for name in _TEXTS.split()},
    **{name: rows(name, NUMBER) for name in _IDS.split()},
    **leaves(
        opaque,
        "guided_json guided_choice json_schema structured_outputs format chat_template_kwargs mm_processor_kwargs "
        "media_io_kwargs repetition_detection",
    ),
    "thinking": _THINKING,
    "options": _OLLAMA,
    "usage": record("usage", leaves(FLAG, "include")),
    "image_config": table("image_config", SCALAR),
    "extra_body": record("extra_body", {"google": _GOOGLE}),
}
"""Name of a top-level member -> its shape."""
