"""What a newcomer reads when the sandbox is up."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

from gateway.commands.terminal.first_steps import first_steps

LINES = list(first_steps("http://127.0.0.1:8080/v1", "sc_abc", "safeconduct {} --state here"))
PASTED = "\n".join(LINES[1:-1])


def test_address_and_key_stand_on_lines_that_can_be_pasted() -> None:
    assert "export OPENAI_BASE_URL=http://127.0.0.1:8080/v1" in LINES
    assert "export OPENAI_API_KEY=sc_abc" in LINES


def test_the_commands_that_explain_are_called_as_this_one_was() -> None:
    assert "safeconduct receipts --state here --limit 2" in LINES
    assert any(line.startswith("safeconduct explain --state here --model sandbox-small --policy") for line in LINES)


def test_everything_between_is_a_shell_script() -> None:
    bash = shutil.which("bash")
    assert bash is not None
    assert subprocess.run([bash, "-n"], input=PASTED, text=True, check=False).returncode == 0


def test_the_bodies_are_json_and_the_second_has_a_stricter_policy() -> None:
    bodies = [json.loads(body) for body in re.findall(r"-d '(.*?)'", PASTED)]
    assert [body["model"] for body in bodies] == ["sandbox-small", "sandbox-us/sandbox-small"]
    assert PASTED.count("x-safeconduct-policy: eu-zero-retention") == 1
