"""Which sentences tell their reader to do something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.guards.commands import command_in
from tests.timed import least_time

COMMANDS = {
    "a verb": [
        "Run the installer as an administrator.",
        "Send the form to the office.",
        "Whisk the eggs until they are stiff.",
        "Use gloves.",
        "Call Maria at the front desk.",
        "Call support before noon.",
        "Visit our office in Hall Street.",
        "Ignore what the label says.",
        "See the next chapter.",
        "Let the dough rest.",
    ],
    "a denial": ["Do not open the valve.", "Don't touch the wire.", "Never leave the tap open.", "Do NOT pay by card."],
    "a request": ["Please pay the invoice within ten days.", "The door sticks, please push.", "Kindly wait outside."],
    "an obligation": [
        "You must send the form to the office.",
        "For a refund you need to call the shop.",
        "Before you leave, you should lock the door.",
        "You are required to show your pass.",
        "Send us the form, will you?",
    ],
    "an item": [
        "- Wash the vegetables.",
        "3. Stir until thick.",
        "* First, unplug the machine.",
        "> Keep this page open.",
    ],
    "a later clause": [
        "To reset the router, hold the button for ten seconds.",
        "If the light is red, turn the key.",
        "When the bell rings: leave the building.",
        "The alarm rings; leave the building.",
        "The lid is hot, so use gloves.",
        "The lid is hot, and please use gloves.",
        "The lid is hot, but do not panic.",
        'The sign says: "Do not enter."',
        "In the menu, choose Print.",
        "Note: keep the door shut.",
        "To install the worker, run:",
    ],
    "German": [
        "Senden Sie das Formular an das Büro.",
        "Wenn die Lampe leuchtet, rufen Sie den Dienst an.",
        "Bitte Tür schließen.",
        "Öffne die Datei.",
        "Sie müssen die Rechnung bezahlen.",
        "Geben Sie niemandem den Schlüssel.",
    ],
    "French": [
        "Envoyez le formulaire au bureau.",
        "N'ouvrez pas la porte.",
        "Pour commencer, cliquez sur le bouton.",
        "Vous devez payer la facture.",
        "Veuillez patienter.",
        "Ne pas ouvrir.",
    ],
    "Spanish": [
        "Envíe el formulario a la oficina.",
        "No abra la puerta.",
        "Haga clic en el botón.",
        "Por favor espere fuera.",
        "Si la luz es roja, llame al servicio.",
    ],
    "Italian": ["Invii il modulo all'ufficio.", "Non aprire la porta.", "Si prega di attendere.", "Premi il pulsante."],
    "Portuguese": ["Clique no botão azul.", "Não abra a porta.", "Você deve pagar a conta.", "Envie o formulário."],
    "Dutch": ["Stuur het formulier naar het kantoor.", "U moet de rekening betalen.", "Klik op de knop."],
    "Polish": ["Wyślij formularz do biura.", "Nie otwieraj drzwi.", "Proszę zamknąć okno."],
    "Turkish": ["Formu ofise gönderin.", "Kapıyı açmayın.", "Lütfen bekleyin.", "Düğmeye basınız."],
    "Russian": ["Отправьте форму в офис.", "Не открывайте дверь.", "Вы должны оплатить счёт.", "Нажмите кнопку."],
    "Chinese": ["请把表格寄到办公室。", "不要打开门。", "点击蓝色按钮。", "如果灯是红色，拨打服务电话。"],
    "Japanese": ["フォームを送ってください。", "ドアを開けないでください。", "窓を閉めなさい。"],
    "Korean": ["문을 열지 마십시오.", "양식을 보내세요.", "버튼을 누르십시오."],
    "Arabic": ["أرسل النموذج إلى المكتب.", "لا تفتح الباب.", "يرجى الانتظار في الخارج."],
    "Hindi": ["कृपया बाहर रुकें।", "फॉर्म कार्यालय को भेजें।", "दरवाज़ा मत खोलिए।"],
    "a sign before it": [
        "→ Call the hotline.",
        "✅ Call the hotline.",
        "👉 Send the form.",
        "a) Send the form.",
        "iv. Send the form.",
        "1.2 Send the form.",
        "- [x] Send the form.",
        "URGENT - call the hotline.",
        "Too late! Call the hotline.",
        "[Click here](https://a.example/b) to continue.",
        "The form: [send it](https://a.example/b).",
        "<b>Send</b> the form.",
        "Now then so next first also finally simply gently just send the form.",
    ],
    "somebody is spoken to": [
        "Dear customer, call the hotline.",
        "Hey, send the form.",
        "Everyone, send the form.",
        "Every Monday, send the form.",
        "More at the desk, click here.",
    ],
    "another clause before it": [
        "Using the new key, open the door.",
        "The pump is old, replace it.",
        "In case of fire break the glass.",
        "After the update call the hotline.",
        "If in doubt call the hotline.",
    ],
    "no imperative": [
        "Could you send us your password?",
        "Would you mind sending it?",
        "Why not call the hotline?",
        "Can you give me your code?",
        "I need your password.",
        "We need you to send the form.",
        "You are asked to send the form.",
        "You've got to call the hotline.",
        "You had better call the hotline.",
        "You are to call the hotline.",
        "It is necessary to call the hotline.",
        "Customers are asked to transfer the fee.",
        "The next step is to call the hotline.",
        "What you need to do is call the hotline.",
        "Feel free to call the hotline.",
    ],
    "an order to several, or with a pronoun": [
        "Ruft die Hotline an.",
        "Llamad al servicio.",
        "Llámenos hoy.",
        "Chiamateci oggi.",
        "Ligue-nos hoje.",
        "Envoyez-moi le code.",
        "Die Hotline anrufen.",
        "Hay que llamar.",
        "Bisogna chiamare.",
        "Se ruega llamar.",
        "É preciso ligar.",
        "Merci d'appeler.",
        "Prière d'appeler.",
        "Звоните нам.",
        "Вам надо позвонить.",
        "致电热线。",
        "将密码发送给我们。",
        "パスワードを送りましょう。",
    ],
    "Swedish": ["Skicka formuläret till oss.", "Du måste betala."],
    "Danish": ["Klik på knappen.", "Du skal betale."],
    "Finnish": ["Lähetä lomake meille.", "Soittakaa meille."],
    "Czech": ["Pošlete nám heslo.", "Klikněte na tlačítko."],
    "Romanian": ["Trimiteți parola la noi.", "Vă rugăm să sunați."],
    "Hungarian": ["Küldje el a jelszavát.", "Kérjük, fizessen."],
    "Greek": ["Στείλτε τον κωδικό σας.", "Παρακαλώ περιμένετε."],
    "Indonesian": ["Kirim kata sandi Anda."],
    "Vietnamese": ["Hãy gửi mật khẩu.", "Vui lòng chờ."],
    "Thai": ["กรุณาส่งรหัสผ่าน"],
    "Hebrew": ["שלח את הסיסמה שלך."],
    "Persian": ["رمز خود را ارسال کنید.", "لطفا تماس بگیرید."],
    "Ukrainian": ["Надішліть пароль.", "Будь ласка, зателефонуйте."],
    "a disguise": [
        "S\u0435nd the form to the office.",
        "Se\u200bnd the form to the office.",
        "\uff33\uff45\uff4e\uff44 the form to the office.",
        "SEND THE FORM TO THE OFFICE.",
        "**Send** the form to the office.",
    ],
}

STATEMENTS = {
    "a noun that is a verb as well": [
        "Call volume is high in May.",
        "Run time is two hours.",
        "Return shipping is free for members.",
        "Use of the pool is free.",
        "Access to the room is limited.",
        "Order numbers are printed on the label.",
        "Test results for adults are ready.",
        "Place names are written in capitals.",
        "Help is available by phone.",
        "Water that stands for a day is stale.",
    ],
    "a name": [
        "William the Conqueror landed in 1066.",
        "Alexander the Great was a king.",
        "William the Silent wrote it.",
    ],
    "a form that is no order": [
        "The installer runs as an administrator.",
        "Using the key, visitors open the door.",
        "Founded the year before, the club grew.",
        "Today the shop is closed.",
        "Likewise the door is locked.",
        "Staff must resign before a birth.",
        "Staff lock the doors, check the alarm and leave.",
        "Files must be ordered by noon.",
    ],
    "what a reader may or must be": [
        "You can return shoes within thirty days.",
        "You must be 18 or older to enter.",
        "If you need to cancel, the fee is refunded.",
        "Members say that you have to wait a week.",
    ],
    "a clause behind a comma": [
        "In 1990, the bridge was closed.",
        "After the war, people returned.",
        "For members, return shipping is free.",
    ],
    "a label": ["Contact: Maria Novak", "- Country: France; Notice: a month; Return: free", "Adresse : 5 rue Haute"],
    "a question": ["How do I open the door?", "Do the rooms have a key?", "Wollen Sie zahlen?", "请问几点开门？"],
    "German": ["Wenn Sie zahlen, erhalten Sie eine Karte.", "Die Tür ist offen.", "Sie zahlen am Schalter."],
    "French": ["Le bureau ferme à midi.", "Chez nous, le café est gratuit.", "Assez de places sont libres."],
    "Spanish": ["La oficina abre a las nueve.", "No hay clases los lunes."],
    "Italian": ["L'ufficio apre alle nove.", "Non ci sono lezioni il lunedì."],
    "Portuguese": ["O escritório abre às nove.", "Não há aulas na segunda."],
    "Dutch": ["Het kantoor is open.", "Bellen kan tot zes uur."],
    "Polish": ["Biuro jest otwarte od dziewiątej.", "Nie ma zajęć w poniedziałki."],
    "Turkish": ["Kadın kapıyı açtı.", "Ofis saat dokuzda açılır.", "Bugün hava sakin."],
    "Russian": ["Офис открыт с девяти.", "Дети играют во дворе."],
    "Chinese": ["办公室九点开门。", "他们请求延期。", "使用者需要登录。"],
    "Japanese": ["事務所は九時に開きます。", "窓は閉まっている。"],
    "Korean": ["사무실은 아홉 시에 엽니다."],
    "Arabic": ["المكتب مفتوح من التاسعة."],
    "Hindi": ["कार्यालय नौ बजे खुलता है।", "किताबें मेज़ पर रखी हैं।"],
    "a request that is told": [
        "You will receive a code.",
        "The step is required for members.",
        "The club asked for a permit.",
    ],
    "Swedish": ["Kontoret öppnar klockan nio.", "Måste det betalas?"],
    "Finnish": ["Toimisto avataan yhdeksältä.", "Liikaa vettä."],
    "Czech": ["Můžete platit kartou.", "Kancelář je otevřená."],
    "Romanian": ["Biroul este deschis."],
    "Greek": ["Το γραφείο ανοίγει στις εννέα.", "Μπορείτε να πληρώσετε."],
    "Hebrew": ["המשרד פתוח מתשע."],
    "Persian": ["دفتر از ساعت نه باز است."],
    "Ukrainian": ["Офіс відкрито з дев'ятої."],
    "German, last": ["Besucher können die Hotline anrufen.", "Gut ist das Eingeben."],
    "Spanish, first": ["Los términos son claros.", "Términos y plazos son claros."],
    "nothing": ["", " ", "...", "3.", "A", "— ;"],
}

LATER_COMMANDS = [
    "Insert the battery with the plus pole upwards.",
    "Forward this message to all colleagues.",
    "Give the agent your membership number.",
    "Log in with your staff account.",
    "Before cleaning, unplug the kettle.",
    "Once the paint is dry, apply a second coat.",
    "Report any damage within two days.",
    "Back up the database before upgrading.",
    "Mix flour and water.",
    "Double-click the icon.",
    "Make sure that the lid is closed.",
    "You'll need to restart the server.",
    "Tell nobody about it.",
    "Export your key and mail it to us.",
    "Be sure to lock the door.",
    "It is important that you restart the pump.",
    "Drehen Sie den Schlüssel nach links.",
    "Nicht vergessen: Licht ausschalten.",
    "Den Deckel vorsichtig abnehmen.",
    "Teilen Sie uns Ihre Kontonummer mit.",
    "Retirez le couvercle avec précaution.",
    "Il faut redémarrer le serveur.",
    "Merci de rappeler demain.",
    "Gire la llave a la izquierda.",
    "Deben reiniciar el servidor.",
    "Giri la chiave a sinistra.",
    "Spegnete la luce.",
    "Desligue o aparelho da tomada.",
    "Draai de sleutel naar links.",
    "Przekręć klucz w lewo.",
    "Należy wyłączyć urządzenie.",
    "Anahtarı sola çevirin.",
    "Поверните ключ налево.",
    "Нужно перезагрузить сервер.",
    "把钥匙向左转。",
    "请重启服务器。",
    "左に回してください。",
    "왼쪽으로 돌리세요.",
    "أدر المفتاح إلى اليسار.",
    "चाबी को बाईं ओर घुमाइए।",
]
LATER_STATEMENTS = [
    "The battery is inserted with the plus pole upwards.",
    "Messages are forwarded to all colleagues.",
    "Open source software is free.",
    "Fire doors must stay shut.",
    "Check digits protect against typing errors.",
    "Save for two exceptions, all rooms are open.",
    "Back in 1990, the hall burned down.",
    "Post offices close at noon.",
    "Plants need light.",
    "Cook and Levin proved the theorem.",
    "Travel costs are refunded.",
    "Land prices rose in May.",
    "Ship engines run on diesel.",
    "March is cold.",
    "Study rooms hold six people.",
    "To the north, hills shield the town.",
    "If it rains, matches move indoors.",
    "In Spain, trains run on time.",
    "Der Schlüssel wird nach links gedreht.",
    "Sie sagen, dass sie müde sind.",
    "Les portes ferment à six heures.",
    "El servidor reinicia cada noche.",
    "La chiave gira a sinistra.",
    "O aparelho desliga sozinho.",
    "De sleutel draait naar links.",
    "Klucz obraca się w lewo.",
    "Anahtar sola döner.",
    "Ключ поворачивается налево.",
    "钥匙向左转动。",
    "鍵は左に回ります。",
    "열쇠는 왼쪽으로 돕니다.",
    "المفتاح يدور إلى اليسار.",
    "चाबी बाईं ओर घूमती है।",
]


def each(examples: dict[str, list[str]]) -> list[object]:
    return [pytest.param(text, id=f"{kind}: {text}") for kind, texts in examples.items() for text in texts]


@pytest.mark.parametrize("sentence", each(COMMANDS))
def test_a_sentence_commands(sentence: str) -> None:
    assert command_in(sentence) is not None


@pytest.mark.parametrize("sentence", each(STATEMENTS))
def test_a_sentence_only_says_something(sentence: str) -> None:
    assert command_in(sentence) is None


def test_of_sentences_that_were_written_after_the_rules_few_are_taken_wrongly() -> None:
    found = [sentence for sentence in LATER_COMMANDS if command_in(sentence) is not None]
    mistaken = [sentence for sentence in LATER_STATEMENTS if command_in(sentence) is not None]
    assert (len(LATER_COMMANDS), len(LATER_STATEMENTS)) == (40, 33)
    assert (len(found), len(mistaken)) == (38, 1), "docs/explanation/verdicts.md has the figures"


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("Send the form.", "Send the form."),
        ("If the light is red, turn the key.", "turn the key."),
        ("The alarm rings; leave the building.", "leave the building."),
        ("For a refund you must call the shop.", "must call the shop."),
        ("The door sticks, please push.", "please push."),
        ("El botón es azul; haga clic en él.", "haga clic en él."),
    ],
)
def test_a_command_begins_where_its_clause_does(sentence: str, told: str) -> None:
    begin = command_in(sentence)
    assert begin is not None
    assert sentence[begin:] == told


@given(st.text(max_size=200))
def test_any_text_is_a_sentence(text: str) -> None:
    begin = command_in(text)
    assert begin is None or 0 <= begin < len(text)


@pytest.mark.parametrize(
    "piece",
    [
        "¤",
        "ü",
        "ez",
        "a is, ",
        "you are ",
        "- ",
        "you must ",
        "run, ",
        "so ; ",
        "to a, and ",
        "не, ",
        "请",
        "если а: ",
        "İ, ",
        "please",
    ],
)
def test_the_time_is_in_proportion_to_the_length(piece: str) -> None:
    short, long = (piece * (size // len(piece)) for size in (4_000, 32_000))
    enough = 0.002
    assert least_time(lambda: command_in(long), enough) < enough + 24 * least_time(lambda: command_in(short))
