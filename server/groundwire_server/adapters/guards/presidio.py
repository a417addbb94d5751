"""The guard `presidio`: presidio-analyzer's recognisers of forms, called directly, without its models.

Its analyzer wants a model of spaCy to know names and the words beside a number; with none installed it downloads one.
Recognisers of forms need neither. They run patterns of `regex`, whose time is not in proportion to every text.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from presidio_analyzer import EntityRecognizer, PatternRecognizer, predefined_recognizers

from groundwire_server.adapters.guards.personal import PersonalCategory, PresidioGuardOptions
from groundwire_server.domain.guards.finding import Finding

_RECOGNISERS: Final[Mapping[PersonalCategory, Sequence[str]]] = MappingProxyType(
    {
        "phone": ("Phone",),
        "iban": ("Iban",),
        "card": ("CreditCard",),
        "ip": ("Ip",),
        "national_id": (
            *("AuTfn", "CaSin", "DeSocialSecurity", "DeTaxId", "EsNie", "EsNif", "FiPersonalIdentityCode", "InAadhaar"),
            *("ItFiscalCode", "KrFrn", "KrRrn", "Nhs", "PlPesel", "SePersonnummer", "SgFin", "ThTnin", "TrNationalId"),
            *("UkNino", "UsItin", "UsSsn", "ZaIdNumber"),
        ),
        "passport": tuple(f"{country}Passport" for country in ("De", "Es", "In", "It", "Kr", "Ph", "Uk", "Us", "Za")),
        "plate": (
            *("DeKfz", "InVehicleRegistration", "NgVehicleRegistration", "TrLicensePlate", "UkVehicleRegistration"),
            "ZaLicensePlate",
        ),
    }
)
"""The names of classes, each with `Recognizer` behind it. Dates are no births, and names are found by models alone."""


class PresidioGuard:
    """Data of persons by presidio's patterns and check digits.

    Args:
        options: what is looked for.
    """

    by_word = False
    finds_data = True

    def __init__(self, options: PresidioGuardOptions | None = None) -> None:
        options = options or PresidioGuardOptions()
        self._min_score = options.min_score
        self._recognisers = [(each, found) for each in options.categories for found in _recognisers(each)]

    def find(self, text: str) -> Sequence[Finding]:
        """Return the personal data of a text."""
        return sorted(self._findings(text), key=lambda each: (each.start, each.end))

    def about(self, rule: str) -> str:
        """Return nothing: the name of presidio's entity says it."""
        del rule
        return ""

    def _findings(self, text: str) -> Iterator[Finding]:
        for category, recogniser in self._recognisers:
            for result in recogniser.analyze(text, recogniser.supported_entities, None):
                if result.score >= self._min_score:
                    yield Finding(category, result.start, result.end, result.entity_type.lower(), result.score)


def _recognisers(category: PersonalCategory) -> Iterator[EntityRecognizer]:
    if category == "email":
        # Its own class asks whether an address has a public ending, by a list that is downloaded.
        yield PatternRecognizer("EMAIL_ADDRESS", patterns=predefined_recognizers.EmailRecognizer.PATTERNS)
    for name in _RECOGNISERS.get(category, ()):
        yield getattr(predefined_recognizers, f"{name}Recognizer")()
