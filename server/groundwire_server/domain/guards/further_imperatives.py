"""Commands in further languages, each known by a few words and endings."""

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VERBS: Final = _words(
    # German, to several
    "ruft schickt sendet klickt öffnet gebt nehmt löscht überweist ladet schreibt meldet drückt bestätigt"
    # Spanish, to several, and what one has to do
    " llamad enviad mandad pagad escribid haced abrid pulsad decid transferid hay favor"
    # Italian, Portuguese and French: what one has to do
    " bisogna occorre prière tem"
    # Polish
    " trzeba"
    # Czech and Slovak
    " musíte"
    # Swedish, Danish and Norwegian
    " skicka klicka skriv betala överför öppna ange ladda bekräfta kontakta välj tryck stäng använd starta svara"
    " klik klikk betal overfør åbn åpne oppgi indtast tryk trykk vælg velg brug bruk bekræft bekreft"
    # Finnish
    " lähetä soita klikkaa napsauta syötä maksa avaa lataa vahvista kirjoita valitse paina siirrä ilmoita"
    # Hungarian
    " küldje küldd hívja hívd kattintson kattints adja írja fizessen fizesse utalja nyissa nyomja töltse erősítse"
    # Romanian
    " trebuie trimite sună apasă introdu deschide plătește confirmă contactează apelează"
    # Croatian and Serbian
    " pošaljite nazovite pozovite kliknite unesite platite potvrdite javite"
    # Indonesian and Malay
    " kirim kirimkan hubungi silakan silahkan mohon tolong harap masukkan bayar unduh jangan klik tekan sila"
    # Vietnamese
    " hãy đừng gọi nhấp"
    # Ukrainian and Russian
    " звони звоните прошу просим треба потрібно необхідно"
    # Hebrew
    " שלח שלחו שלחי התקשר התקשרו לחץ לחצו הקלד הקלידו העבר העבירו שלם שלמו הזן הזינו פנה פנו אנא נא"
    # Arabic, to several
    " اتصلوا ادفعوا اضغطوا افتحوا انقروا"
)
"""What commands begin with."""

POLITE: Final = _words(
    "kérjük kérem rugăm molimo vänligen snälla venligst vennligst mohon hãy đừng παρακαλώ παρακαλούμε моля בבקשה אנא"
    " لطفا لطفاً prosím prosíme ласкаво"
)
"""Words that ask the reader for something, wherever they stand."""

OBLIGING: Final = {
    "müsst": _words("ihr"),
    "muss": _words("man"),
    "que": _words("tienes tenéis tens"),
    "ruega": _words("se"),
    "deve": _words("si"),
    "preciso": _words("é"),
    "necessário": _words("é"),
    "necessario": _words("è"),
    "nécessaire": _words("est"),
    "impératif": _words("est"),
    "obligatoire": _words("est"),
    "de": _words("tens"),
    "надо": _words("вам тебе"),
    "треба": _words("вам тобі"),
    "потрібно": _words("вам тобі"),
    **dict.fromkeys(_words("ласка ласка,"), _words("будь")),
    "måste": _words("du ni"),
    "skal": _words("du dere"),
    "må": _words("du dere"),
    "lòng": _words("vui"),
    "phải": _words("bạn"),
    "harus": _words("anda kamu"),
    "pani": _words("musi"),
    "pan": _words("musi"),
}
"""Words of obligation, and those beside which they oblige the reader."""

_STATING: Final = _words("is är ar er on je este sunt și ist")
"""Words behind which what stood before is a name or a noun."""

_BEHIND: Final = {"hay": ("que",), "favor": ("de",), "prière": ("de", "d'", "d’"), "tem": ("de", "que")}
"""Those that command before some words alone, and how these begin."""

_CLITICS: Final = re.compile(
    # Spanish, Italian: "llámenos", "inviateci". Portuguese and French have a hyphen: "ligue-nos", "envoyez-moi".
    r"(?:ll[aá]m|env[ií]|m[aá]nd|escr[ií]b|d[ií]g|cont[aá]ct|p[aá]gu|conf[ií]rm|av[ií]s|cu[eé]nt|h[aá]g|p[oó]ng|resp[oó]nd)"
    r"\w{0,4}(?:nos|me|lo|la|le|los|las|les)"
    r"|(?:chiama|invia|manda|scrivi|scrive|contatta|paga|comunica|telefona|conferma)(?:te)?(?:ci|mi|lo|la|li|le)"
    r"|\w+(?:ez|e|a|em|am)-(?:nos|me|o|a|os|as|lhe|moi|nous|lui|leur|les?|la)"
)
_CZECH_LETTERS: Final = re.compile("[ěščřžůňťď]")
_ENDINGS: Final = re.compile(
    # Ukrainian, Romanian, Finnish and Greek, to several.
    r"[а-яіїєґ]{3,}іть|\w{2,}[aeiî](?:ți|ţi)|\w{4,}(?:kaa|kää)|(?!μπορείτε|έχετε|είστε|θέλετε|όταν)[α-ωά-ώ]{4,}τε"
)
_CZECH: Final = re.compile("(?!můžete|máte|chcete|budete|víte|znáte|nemůžete|potřebujete|nemáte)\\w{3,}te")

_LAST: Final = re.compile(
    # German verbs whose first part would stand apart from them in a statement.
    "(?:an|ein|aus|ab|auf|mit|zu|herunter|hoch|weiter|über)(?:rufen|geben|teilen|laden|führen|füllen|klicken|schalten"
    "|nehmen|senden|schicken|weisen|leiten|tragen)"
    # Turkish stems.
    "|gönder|yolla|tıkla|kapat|kullan|kopyala|indir|onayla|unut|söyle|doğrula|doldur|çalıştır|başlat|paylaş|ilet|ekle"
    "|değiştir|yükle|bildir"
    # Hindi and Persian.
    "|भेजो|करो|भरो|खोलो|दबाओ|लिखो|बताओ|(?:ارسال|وارد|پرداخت|تماس|کلیک|باز)?\u200c?(?:کنید|دهید|بگیرید|بزنید|بفرستید|بنویسید|نکنید)"
)
_GERMAN_FINITE: Final = _words(
    "ist sind war waren wird werden kann können konnte konnten muss müssen soll sollen sollte darf dürfen will wollen"
    " möchte möchten lässt lassen würde würden hat haben hatte hatten ich wir sie er es man du ihr wer um zu"
    " wenn dass damit weil ob sobald falls bevor nachdem konnen konnte konnten mussen durfen mochte mochten"
    " lasst wurden"
)
"""Words beside which the last verb is none of a command, and some as they are without their dots."""

_ANYWHERE: Final = re.compile(
    "กรุณา|โปรด|ห้าม|อย่า|आप(?:को|के)\\s.{0,80}ना (?:होगा|चाहिए|पड़ेगा)|\\w{2,30}m[ae]n[ıi]z (?:gerek|lazım|şart)"
    "|(?:^|[，。；：])(?:立即|马上|馬上|立刻|尽快|儘快)?(?:致电|致電|拨打|撥打)"
    "|(?:^|[，。；：])(?:[将將把]).{1,20}(?:[发發]送?|[转轉]|寄|交|提供|告[诉訴])(?:[给給至到])"
    "|[你您]们?需(?![求要])|(?:必ず|至急|直ちに|速やかに).{1,40}(?:こと|する)(?:[。！!.\\s]|$)|ましょう(?:[。！!.\\s]|$)"
    "|(?:아|어|해|내|려|켜|줘|하)라(?:[.!\\s]|$)"
)


def begins_further_command(word: str, following: str, lower: str) -> bool:
    """Return whether a clause commands, by the word it begins with.

    Args:
        word: in lower case.
        following: the next word, in lower case.
        lower: the sentence, in lower case.
    """
    if following in _STATING:
        return False
    if word in VERBS:
        return following.startswith(_BEHIND[word]) if word in _BEHIND else True
    if _CLITICS.fullmatch(word) is not None:
        return True
    if word == "merci":
        return following[:2] in ("d'", "d’")
    if _ENDINGS.fullmatch(word) is not None:
        return True
    return word.endswith("te") and _CZECH_LETTERS.search(lower) is not None and _CZECH.fullmatch(word) is not None


def ends_further_command(lower: str, last: str) -> bool:
    """Return whether a sentence commands, by its last word or by what stands anywhere in it.

    Args:
        lower: the sentence, in lower case.
        last: its last word, without marks, with its capitals: of German it is a noun where it has one.
    """
    if _LAST.fullmatch(last) is not None and _GERMAN_FINITE.isdisjoint(lower.split()):
        return True
    return not lower.isascii() and _ANYWHERE.search(lower) is not None
