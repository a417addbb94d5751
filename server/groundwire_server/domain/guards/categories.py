"""The kinds of content that the guards of the server tell apart, each with what it is."""

from collections.abc import Mapping
from types import MappingProxyType

INJECTION: Mapping[str, str] = MappingProxyType(
    {
        "injection": "asks the model to leave its instructions, or passes for them",
        "jailbreak": "asks the model to play somebody without rules",
        "prompt_extraction": "asks for the model's instructions",
    }
)

INSTRUCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "instruction": "tells a model what to answer, to leave out or to do",
        "role_marker": "passes for the turn of another speaker, or for a template's token",
        "encoded_payload": "holds an instruction that is encoded",
        "hidden_text": "holds text that a reader does not see",
        "credential_request": "asks for passwords, keys or codes",
        "payment_request": "asks to pay to an account",
        "contact_request": "asks to call or write to somebody who stands nowhere else",
    }
)

NONSENSE: Mapping[str, str] = MappingProxyType({"nonsense": "says nothing in any language"})

LANGUAGES: Mapping[str, str] = MappingProxyType({"language": "is in a language that the route does not serve"})
