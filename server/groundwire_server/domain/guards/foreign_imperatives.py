"""Commands in other languages than English, as far as the words at the beginning or the end of a clause tell."""

import re
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_VERBS: Final = _words(
    # German
    "sende schicke öffne klicke drücke gib lösche wähle rufe ruf nimm nutze verwende ignoriere antworte kopiere"
    " überweise bezahle zahle melde lade bestätige besuche schreibe befolge dreh drehe schließe stelle schalte ziehe"
    " halte vermeide beachte beachten überprüfe prüfe teile verrate nenne nenn sag sage vergiss warte bringe"
    " installiere starte führe"
    # French
    " envoie ouvre clique appuie supprime choisis appelle utilise ignore réponds copie verse paie télécharge confirme"
    " écris suis évite oublie dis donne va vérifie attends entre saisis installe lance ajoute veuillez faites dites"
    # Spanish
    " envíe envía envíen abra abre haga haz pulse pulsa presione presiona elimine elimina borre borra elija elige"
    " seleccione selecciona llame llama utilice utiliza ignore ignora responda responde copie copia pague transfiera"
    " transfiere descargue descarga confirme escriba escribe siga sigue evite evita olvide olvida diga proporcione"
    " introduzca introduce ingrese ingresa espere espera compruebe comprueba rellene rellena póngase contacte deje"
    " deja"
    # Italian
    " invia invii inviate apra apri aprite faccia fai fate clicca clicchi cliccate premi prema premete elimina"
    " elimini eliminate cancella scegli scelga scegliete seleziona selezioni chiama chiami chiamate usate utilizza"
    " utilizzi utilizzate ignora ignori ignorate rispondi risponda rispondete copia copi paga paghi pagate"
    " trasferisci scarica scarichi scaricate conferma confermi confermate scrivi scriva scrivete segui segua seguite"
    " evita eviti evitate dimentica dica dite fornisci fornisca fornite inserisci inserisca inserite attendi attenda"
    " attendete verifica verifichi compila contatta contatti contattate"
    # Portuguese
    " envie envia abra abre faça faz clique clica pressione prima apague elimine exclua escolha escolhe selecione"
    " selecciona ligue liga telefone utilize ignore responda responde copie pague transfira baixe descarregue"
    " confirme escreva escreve siga segue evite esqueça esquece diga forneça insira introduza digite aguarde"
    " verifique preencha contacte contate mantenha deixe vá"
    # Dutch
    " stuur verstuur verzend klik druk verwijder wis kies selecteer bel gebruik negeer antwoord kopieer betaal"
    " download bevestig schrijf volg vermijd vergeet zeg geef voer vul wacht controleer neem zet ga draai sluit trek"
    " duw plaats schakel haal breng installeer deel maak houd laat lees bezoek meld gelieve"
    # Polish
    " wyślij wyślijcie prześlij otwórz otwórzcie kliknij naciśnij usuń skasuj wybierz zadzwoń użyj zignoruj odpowiedz"
    " skopiuj zapłać przelej pobierz potwierdź napisz unikaj zapomnij powiedz podaj wpisz poczekaj sprawdź wypełnij"
    " skontaktuj weź zrób idź przejdź włącz wyłącz proszę prosimy należy musisz"
    # Russian, singular
    " отправь пришли открой нажми удали выбери позвони используй игнорируй ответь скопируй заплати переведи скачай"
    " подтверди напиши следуй избегай забудь скажи назови введи подожди проверь заполни свяжись возьми сделай запусти"
    " необходимо следует нужно"
    # Arabic
    " أرسل ارسل أرسلوا افتح اضغط انقر احذف اختر اتصل استخدم تجاهل أجب انسخ ادفع حوّل حول حمّل أكد اكتب اتبع تجنب انس"
    " قل أعط أدر أزل أغلق أضف أدخل انتظر تحقق املأ خذ اذهب شغّل يرجى الرجاء رجاءً عليك"
    # Hindi
    " कृपया मत"
)
"""What commands begin with."""

_SUBJUNCTIVES: Final = _words(
    "envíe envíes mande mandes abra abras cierre haga hagas pulse pulses elimine borre llame llames utilice use uses"
    " olvide olvides toque toques deje dejes comparta compartas escriba diga digas pague pagues ignore responda"
    " instale descargue copie envie feche faça pressione apague clique ligue utilize esqueça deixe compartilhe"
    " partilhe escreva baixe"
)
"""What Spanish and Portuguese forbid with."""

_ARTICLES: Final = _words("el los las un una il lo gli le la les o os um uma den einen dein deine deinen")
"""Articles behind a verb, and seldom behind a noun, of German, French, Spanish, Italian and Portuguese."""

_NOT_VERBS: Final = _words(
    # French
    "dans sur avec pour toute tout tous toutes comme selon depuis même mêmes puis ainsi outre malgré après voici"
    " voilà quand lorsque que si où entre parmi chez contre vers sans sous par est sont était seul seule seuls seules"
    " et ou ni mais car dès hormis sauf durant pendant envers c'est seulement encore jamais plus moins à en de du"
    " pourquoi"
    # Spanish
    " según tras desde hasta ante bajo durante mediante para por sobre sin con todo toda todos todas ambos ambas"
    " incluso solo sólo también cuando donde como porque aunque mientras es son fue era está están tiene hay existe"
    " existen queda excepto salvo y o u sea cual esto eso pero entonces tanto contra"
    # Italian
    " per tra fra secondo dopo prima sopra sotto contro verso lungo entro tutto tutti tutte tutta anche solo è sono"
    " quando dove come che perché mentre poiché oltre senza entrambi entrambe ecco ogni nonostante e ma né era"
    " eccetto tranne"
    # Portuguese
    " com após até segundo conforme onde são foi há só sem sob perante ambas mas nem exceto enquanto embora além não"
    # German
    " in an auf für durch gegen ohne um über unter vor hinter neben zwischen bei von zu mit nach aus seit außer"
    " gegenüber trotz wegen statt während als wie wenn falls dass ob denn und oder aber sowie weder noch nur auch ist"
    " hat gibt wer was wo wann warum mitten bis entlang laut gemäß je pro"
)
"""What stands before such an article at the beginning of a clause and is no verb."""

_FRENCH_BEHIND: Final = _words(
    "le la les un une des du de à en sur dans pas au aux nous votre vos ce cet cette ces ici tout toute tous toutes"
    " bien par pour d'abord ensuite avec jamais leur"
)
"""Words behind a French order to several."""

_TURKISH_STEMS: Final = (
    "gönder|yolla|ara|tıkla|bas|sil|seç|aç|kapat|kullan|yanıtla|cevapla|kopyala|öde|yatır|indir|onayla|yaz|izle|kaçın|unut"
    "|söyle|ver|gir|bekle|doğrula|doldur|yap|gid|koy|çalıştır|başlat|paylaş|ilet|oku|ekle|çıkar|değiştir|yükle|bildir|ed|çevir|döndür|tut|çek|kaldır"
)
"""Stems of Turkish verbs, whose imperative ends a sentence."""

_FINITE: Final = _words("ist sind est es son é è is jest są be bin")
_GERMAN: Final = re.compile(r"\w{2,}(?:en|ern|eln)")
_GERMAN_OTHERS: Final = _words(
    "haben können dürfen werden wollen möchten würden könnten sollen erhalten bekommen finden sehen kennen brauchen"
    " wissen hätten wären besitzen sparen profitieren müssten"
)
_FRENCH: Final = re.compile(r"(?:n['’])?\w{2,}ez(?:-\w+)?")
_FRENCH_OTHERS: Final = _words("chez assez rendez-vous nez")
_ELIDED: Final = ("l'", "l’", "d'", "d’")
_INFINITIVE: Final = re.compile(r"\w{2,}(?:are|ere|ire|er|ir|re)")
_POLISH: Final = re.compile(r"\w{2,}(?:[aiuy]j|ń|ź|ć)(?:cie|my)?")
_RUSSIAN: Final = re.compile(r"\w+(?:йте|ите|ьте)(?:сь)?")
_ADVERBIAL: Final = ("ment", "mente", "weise", "ando", "endo", "ant", "ado", "ido", "ato", "uto", "ción", "tion", "dad")
_DENYING: Final = _words("no não nao non nie не لا ne")

_STARTS: Final = '(?:^|[,;:!.\\s"“「\uff0c\u3002\uff1b\uff1a\u3001\uff01]|然后|然後|并且|再|先)'
_STOPS: Final = '(?=[.!\\s"”\u3002\uff01]|$)'
_SPACELESS: Final = re.compile(
    # Chinese: please, do not, be sure to, you must; verbs at the beginning of a clause.
    f"[请請](?![求教假示])|{_STARTS}(?:不要|[别別]再?|切勿|勿|[务務]必|千[万萬]|禁止)|[你您]们?(?:必[须須]|[应應][该該]|需要)"
    f"|{_STARTS}(?:把|点击|點擊|打开|打開|发送|發送|拨打|撥打|输入|輸入|联系|聯繫|运行|運行|删除|刪除|选择|選擇|忽略|下载|下載"
    "|安装|安裝|转账|轉帳|汇款|匯款|支付|付款|回复|回覆|访问|訪問|提供|复制|複製|按下|关闭|關閉|填写|填寫|使用(?![的于於者]))"
    # Japanese.
    f"|[てで](?:ください|下さい|くれ|ちょうだい)|お.{{1,6}}(?:ください|下さい)|なさい|せよ|しろ{_STOPS}|[すい]こと{_STOPS}"
    f"|[てで]は(?:いけません|なりません)|[るすくぐむうつぬぶ]な{_STOPS}"
    # Korean.
    f"|(?:세요|십시오|시오|하라|해라|지\\s?마라|지\\s?말\\s?것|바랍니다){_STOPS}"
)
_IDEOGRAPHS: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_HINDI: Final = re.compile(
    "(?:^|\\s)(?!में|हैं|नहीं|थीं|हों|उन्हें|इन्हें|तुम्हें|हमें|जिन्हें)[\u0900-\u0963]{2,15}?(?:ें|िए|िये|इए|इये)(?:गा)?[।.!]*$"
)
_TURKISH: Final = re.compile(
    rf"(?:{_TURKISH_STEMS})(?:[yd]?[ıiuü]n(?:[ıiuü]z)?)|\w{{2,}}m[ae](?:y[ıi]n|l[ıi]s[ıi]n)(?:[ıi]z)?"
)


def foreign_command(lower: str, last: str) -> int | None:
    """Return where a sentence commands that is in a language without spaces, or whose verbs come last.

    Args:
        lower: the sentence in lower case.
        last: its last word, without marks.
    """
    if last[-1:] in ("n", "z") and _TURKISH.fullmatch(last):
        return 0
    if lower.isascii():
        return None
    if _IDEOGRAPHS.search(lower):
        found = _SPACELESS.search(lower)
        return found.start() if found else None
    return 0 if _HINDI.search(lower) else None


def is_foreign_imperative(word: str, following: str, *, paused: bool) -> bool:
    """Return whether a clause that begins with a word commands, in a language with spaces that is not English.

    Args:
        word: in lower case.
        following: the next word, in lower case.
        paused: whether a comma or a semicolon stands behind the word.
    """
    if word in _VERBS:
        return following not in _FINITE
    if paused:
        return False
    if following in _ARTICLES:
        return word not in _NOT_VERBS and not word.endswith(_ADVERBIAL) and word.isalpha() and len(word) > 1
    if following == "sie":
        return _GERMAN.fullmatch(word) is not None and word not in _GERMAN_OTHERS
    if word in _DENYING:
        return _is_denied(word, following)
    if word.endswith("ć"):
        return not word.endswith("ść")
    return (word == "merci" and following == "de") or _is_plural(word, following)


def _is_denied(word: str, following: str) -> bool:
    """Return whether a word that denies forbids what follows it."""
    if word == "لا":
        return following.startswith("ت")
    return (
        following in _VERBS
        or _is_plural(following)
        or (word == "nie" and _POLISH.fullmatch(following) is not None)
        or (word == "ne" and following == "pas")
        or (word in ("ne", "non") and _INFINITIVE.fullmatch(following) is not None)
        or (word in ("no", "não", "nao") and following in _SUBJUNCTIVES)
    )


def _is_plural(word: str, following: str = "pas") -> bool:
    """Return whether a word has the form of an order to several, French or Russian."""
    if word.endswith("ez") or "ez-" in word:
        known = following in _FRENCH_BEHIND or following[:2] in _ELIDED
        return known and word not in _FRENCH_OTHERS and _FRENCH.fullmatch(word) is not None
    return _RUSSIAN.fullmatch(word) is not None
