"""What a document may ask its reader for, and should not in an answer that nothing else carries."""

import re
from typing import Final

from groundwire_server.domain.fencing.hidden import without_hidden
from groundwire_server.domain.fencing.skeleton import skeleton

_CREDENTIAL: Final = (
    r"\b(?:pass(?:word|code|phrase|wd)|pin(?:s|[- ]?codes?)?\b|otps?\b|credentials?\b"
    r"|(?:api|access|secret|private|recovery|licen[cs]e|security)[- ](?:key|code|phrase|token|word|question)s?"
    r"|seed (?:phrase|word)|cvv|cvc|2fa|mfa\b|one[- ]time|verification code|social security"
    r"|passwort|passwört|kennwort|kennwört|zugangsdaten|anmeldedaten|geheimschlüssel|tan\b|mot de passe|mots de passe"
    r"|identifiants?\b|code secret|contraseña|clave\b|credencial|senhas?\b|palavra-passe|credenziali|parola d'ordine"
    r"|wachtwoord|inloggegevens|hasł[oae]|şifre|parola)"
    "|парол|логин|код подтверждения|密码|密碼|口令|验证码|驗證碼|密钥|パスワード|暗証番号|認証コード|비밀번호|인증번호"
    r"|\b(?:lösenord|kodeord|adgangskode|passord|salasana|heslo|parolă|parolei|jelsz[óa]|kata sandi|mật khẩu|lozink)"
    "|κωδικ|סיסמ|רמז|קוד|รหัสผ่าน|รหัส|رمز|گذرواژه|كلم(?:ة|ات) (?:ال)?(?:مرور|سر)|رمز التحقق|पासवर्ड|ओटीपी"
)
_PAYEE: Final = (
    r"\b(?:pay(?:able|ments?)? (?:is |are |must be )?(?:made |sent |due )?(?:in)?to\b|paid (?:in)?to\b"
    r"|(?:transfer|wire|sen[dt]|remit)\w* (?:(?:it|money|funds|the \w+) )?to (?:(?:the|this|our|an?) )?(?:\w+ )?account"
    r"|(?:bank )?account number|gift cards?|wallet address)"
)
_PAYMENT: Final = (
    r"\b(?:pa(?:y|ying|yable|yments?|ypal)\b|paid (?:(?:in)?to|by|in)\b|transfer(?:s|red)?\b"
    r"|wire[ds]?\b|remit|deposits?\b"
    r"|bank (?:account|details)|iban\b|bic\b|swift\b|bitcoin|btc\b|ethereum|crypto|wallet"
    r"|überw(?:eis|ies)|zahl(?:en|t|bar|ung|ungen)\b|bezahl|konto(?:nummer)?\b|virement|paye[zr]\b|paiement|versez"
    r"|pag(?:o|ue|ar|amento|are)\b|transfi?er[ei]|cuenta bancaria|bonifico|conto corrente|conta bancária"
    r"|beta(?:al|len)|overmaken|rekeningnummer|zapła[ćc]|przelew|ödeme|havale)"
    r"|\b(?:betala|indbetal|överför|overfør|maksa|maksu|zaplat|zaplať|platb|převod|plăt|plat[iă]|fizet|utal[jná]|bayar"
    r"|thanh toán|chuyển khoản|uplat|plaćanj)"
    "|πληρω|πληρώ|κατάθεσ|לשלם|תשלום|העבר|ชำระ|โอนเงิน|پرداخت|واریز|оплат|сплат|переказ|плат[её]ж|перевод|付款|支付|汇款|匯款|转账|轉帳|振込|支払|送金|결제|송금|입금|계좌|ادفع|دفع|تحويل|भुगतान"
)
_CONTACT: Final = (
    r"\b(?:contact|call(?:s|ing)?\b|(?:tele)?phone|dial|text(?:ing)?\b|sms\b|whats ?app|telegram|discord|skype"
    r"|e-?mails?\b|write to|reach (?:us|out)|chat (?:with|to)|hotline|helpline|fax\b|po box|p\.o\. box|qr\b|click"
    r"|kontakt|anruf|ruf(?:en|t)?\b|telefon|schreib|klick|contacte|appel(?:er|ez)|téléphon|écri(?:re|vez)|cliquez"
    r"|llam[ae]\b|llamar|teléfono|correo|escrib|haga clic|chiam|telefon|scriv|clicc|ligue|contat|escrev|clique"
    r"|bellen\b|schrijf|zadzwo|napisz|iletişim)"
    r"|\b(?:kontakta|ringa?\b|soita|ota yhteyttä|zavol|napiš|telefón|suna|sună|scrie|hívj|hívd|írj|hubungi|telepon"
    r"|liên hệ|gọi|nazov|pozov|piši)"
    "|τηλεφων|τηλέφων|επικοινων|התקשר|צור קשר|טלפון|ติดต่อ|โทร|تماس|تلفن|ایمیل|телефону|пишіть"
    "|звон|напиш|свяж|почт|телефон|联系|聯繫|拨打|撥打|电话|電話|邮箱|微信|連絡|メール|연락|전화|이메일|اتصل|هاتف|بريد|संपर्क|फोन|कॉल"
    r"|(?<!\w)@\w{2,}"
)
_BROAD: Final = re.compile(f"{_CREDENTIAL}|{_PAYMENT}|{_CONTACT}", re.IGNORECASE)
_NARROW: Final = re.compile(f"{_CREDENTIAL}|{_PAYEE}", re.IGNORECASE)


def request_in(sentence: str, *, broad: bool) -> tuple[int, int] | None:
    """Return where a sentence speaks of credentials or of whom to pay, in code points; None where it does not.

    Args:
        sentence: that no trusted passage carries.
        broad: whether to find whatever speaks of paying and of contact as well, rather too much than too little: for a
            sentence that rests on a passage which a guard distrusts.
    """
    pattern = _BROAD if broad else _NARROW
    found = pattern.search(sentence)
    if found is None and not sentence.isascii() and pattern.search(skeleton(without_hidden(sentence))):
        # Letters of other scripts that look like Latin ones, or what is not seen within a word.
        return 0, len(sentence)
    return found.span() if found else None
