"""The closed classes of words that decide what a sentence claims: negators, quantifiers, opposites, modals and such.

Every list names words of the language at large. English is covered in full; of German, French, Spanish, Italian, Dutch
and Portuguese the negators, quantifiers and modals that a sentence seldom goes without.
"""

from groundwire_server.domain.text.fold import fold
from groundwire_server.domain.text.stems import stem

_FUNCTION_WORDS = """
a about again ago all almost along already also although am among amongst an and another any are around as aside at
away be became because become becomes been being beside besides between both but by came come comes did do does doing
done during each either else etc even ever every for from further get gets getting give given gives go goes got had
has have having he her here hers herself him himself his how however i if in indeed instead into is it its itself just
kind largely let like made make makes making may me mine much my myself namely nor not now of off often on once one
only onto or other others our ours ourselves out own per quite rather really regard regarding same shall she should
since so some somehow such than that the their theirs them themselves then there thereby therefore these they this
those though through throughout thus to together too toward towards upon us usually various very via was way we well
were what whatever when whenever where whereas whereby wherever whether which whichever while who whoever whole whom
whose why will with within would yet you your yours yourself yourselves s t m re ve ll d n currently respectively
including included includes include called known named following specifically particularly especially actually simply
certain case fact thing things concerning der das den dem des ein eine einen einem einer eines und oder aber ist sind
waren wird werden wurde wurden haben hatte hatten von vom zu zum zur mit im auf aus bei für über um durch es er sie
wir ihr sich als auch wie dass daß dann noch schon da hier dort nach seit bis gegen je sein ihre ihren seine seinen le
la les l un une du de et ou est sont était étaient seront ont avait au aux en dans par avec ce cette ces cet il elle
ils elles nous vous qui que qu se sa ses leur leurs y où el los las una unos unas o fue fueron del al por para su sus
lo gli e di che è sono het een van zijn wordt op te voor os uma em no na
"""

_VERBS_OF_DENIAL = frozenset(
    """
lack lacks lacked lacking absent absence fail fails failed failing failure refuse refuses refused refusing refusal deny
denies denied prevent prevents prevented avoid avoids avoided exclude excludes excluded excluding unable seldom rarely
""".split()
)

STRONG_NEGATORS = frozenset(
    map(
        fold,
        """
not no never none nobody nothing nowhere neither nor without cannot hardly barely scarcely n't nicht kein keine keinen
keinem keiner keines nie niemals niemand nichts ohne weder pas ne jamais aucun aucune rien sans ni nunca ningún ninguno
ninguna nada nadie sin tampoco non mai nessun nessuno nessuna niente niet geen nooit niemand não nenhum nenhuma sem
isnt arent wasnt werent dont doesnt didnt hasnt havent hadnt wont wouldnt couldnt shouldnt cant mustnt neednt aint
""".split(),
    )
)
"""Negators that do nothing else: a sentence that has one more of them says the opposite."""

FALSIFIERS = frozenset(
    map(stem, "false falsely wrong wrongly untrue incorrect myth hoax bogus debunked refuted".split())
)
"""Stems of words that deny a whole sentence: `It is false that …`."""

NEGATORS = STRONG_NEGATORS | _VERBS_OF_DENIAL
"""Words that deny what stands beside them, by the way they are written."""

_NEGATIVE_PREFIXES = ("un", "in", "im", "il", "ir", "non", "dis")
"""What turns an adjective into its opposite: `legal` and `illegal`."""

_LONG = 5

_OTHERWISE = frozenset(
    """
without except instead unlik prohibit forbid ban otherwis rather free despit contrari only oldest first
""".split()
)
"""Stems of words that may stand for a denial: what is the oldest is such that none is older."""

_QUANTIFIERS = {
    "all": "all every each any entire whole always everyone everybody everything everywhere"
    " entirely wholly"
    " completely invariably alle allen aller alles jeder jede jedes immer sämtliche tous toutes tout toute"
    " chaque toujours"
    " todos todas todo toda cada siempre sempre tutti tutte ogni elk elke altijd",
    "most": "most majority usually generally mostly mainly predominantly typically largely normally meist"
    " meisten meistens"
    " plupart mayoría maggior meeste",
    "many": "many several numerous lots plenty often frequently various multiple viele vielen mehrere oft"
    " beaucoup plusieurs"
    " souvent muchos muchas varios varias molti molte veel vaak muitos",
    "some": "some sometimes occasionally certain partly partially einige manche manchmal teilweise"
    " quelques parfois"
    " certains algunos algunas alcuni alcune sommige soms alguns",
    "few": "few little rarely seldom hardly barely scarcely minority wenige wenigen selten kaum peu rarement"
    " pocos pocas"
    " raramente pochi weinig zelden poucos",
    "none": "none no never nobody nothing neither nowhere kein keine keiner niemand nie aucun aucune jamais"
    " ninguno ninguna"
    " nunca nessuno mai geen nooit nenhum",
    "only": "only solely exclusively merely sole just nur ausschließlich lediglich seulement uniquement solo"
    " solamente"
    " soltanto alleen slechts apenas",
    "both": "both beide beiden ambos entrambi",
}

_MODALS = {
    "must": "must shall required require requires mandatory compulsory obliged obligatory necessary need needs"
    " muss müssen"
    " erforderlich doit doivent obligatoire debe deben deve devono moet moeten",
    "should": "should ought recommended advisable soll sollen sollte sollten devrait devraient debería zou",
    "may": "may might could possibly perhaps maybe possible optional optionally allowed permitted potentially"
    " kann können darf"
    " dürfen könnte vielleicht peut peuvent pourrait puede pueden può possono kan kunnen pode podem",
    "likely": "likely probably presumably apparently seemingly allegedly reportedly supposedly suspected"
    " wahrscheinlich"
    " vermutlich probablement probablemente probabilmente waarschijnlijk",
    "can": "can able cannot",
}

_CONDITIONS = """
if unless provided providing except excepting otherwise until till whenever only when while assuming wenn falls sofern
außer solange si sauf sinon salvo excepto se eccetto indien tenzij als caso exceto
"""


def _classes(groups: dict[str, str]) -> dict[str, str]:
    return {fold(word): name for name, words in groups.items() for word in words.split()}


QUANTIFIERS = _classes(_QUANTIFIERS)
"""The class of a quantifier, by its folded form."""

MODALS = _classes(_MODALS)
"""The class of a modal, by its folded form."""

CONDITIONS = frozenset(map(fold, _CONDITIONS.split()))
"""Words that begin a condition or an exception, folded."""

FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Words that say nothing by themselves; those that decide something stand in the other lists too.

Foreign ones that are English words that do say something, such as `war` and `die`, are left out.
"""

ATTRIBUTIONS = frozenset(
    map(
        stem,
        "said says say claimed claims stated states argued argues believed believes reported reports suggested"
        " suggests"
        " announced announces denied wrote writes explained explains added told concluded proposed asserted"
        " asserts thinks"
        " thought insisted warned confirmed according".split(),
    )
)
"""Stems of words that say whose word something is."""


def may_deny(norm: str) -> bool:
    """Return whether a stem could stand for a denial by its form: `illegal`, `useless`, `instead`."""
    return (
        norm in _OTHERWISE
        or norm in FALSIFIERS
        or norm.endswith("les")
        or (len(norm) > _LONG and norm.startswith(_NEGATIVE_PREFIXES))
    )
