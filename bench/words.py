"""Sentences that people write to a support address, in nine languages: what `bench.mails` makes its mails of."""

from typing import NamedTuple


class Speech(NamedTuple):
    """What one language has to say."""

    hello: str
    bye: str
    #: how a mail program introduces a quote
    wrote: str
    #: per desk: subjects, then sentences
    subjects: dict[str, tuple[str, ...]]
    sentences: dict[str, tuple[str, ...]]
    #: said about anything
    filler: tuple[str, ...]


SPEECH: dict[str, Speech] = {
    "en": Speech(
        "Hello,",
        "Kind regards,",
        "On {date}, {name} wrote:",
        {
            "appeals": (
                "My account was suspended",
                "Appeal against the ban",
                "Please restore my account",
                "Locked out of my shop",
            ),
            "refunds": ("Refund for order {n}", "Charged twice", "I want my money back", "Wrong amount on my card"),
            "copyright": ("Copyright infringement notice", "My photos are being sold", "DMCA takedown request"),
            "general": (
                "How do I change my e-mail address?",
                "Question about invoices",
                "The download does not start",
                "Thank you!",
            ),
        },
        {
            "appeals": (
                "My account {user} was suspended yesterday and I believe this is a mistake.",
                "I have been selling here for {years} years and never had a complaint.",
                "The notice says that I broke the rules, but it does not say which one.",
                "Please review the decision and reinstate my account.",
                "All my customers are waiting for their files and I can't sign in.",
                "I would like to appeal the ban and have a person look at it.",
                "If something I uploaded was wrong I will take it down at once.",
            ),
            "refunds": (
                "I ordered on the {day}th and was charged {amount} twice.",
                "Please refund the second payment to the same card.",
                "The order number is {n} and the receipt is attached.",
                "The product is not what was described, so I would like my money back.",
                "My bank says that the charge came from you.",
            ),
            "copyright": (
                "The work at the link below is mine and I never allowed anybody to sell it.",
                "I have a good faith belief that this use is not authorised by the owner, its agent, or the law.",
                "I swear, under penalty of perjury, that the information in this notice is accurate.",
                "Please remove the infringing product and tell me when it is done.",
            ),
            "general": (
                "I could not find in the help pages how to change the address of my profile.",
                "Is there a way to send the invoice to our bookkeeper each month?",
                "The download stops at {amount} percent, in two browsers.",
                "We are moving to another country and need to update our tax number.",
            ),
        },
        (
            "I tried the form on your site first, and it answered with an error.",
            "I am writing from the address that I signed up with.",
            "You can reach me on this address at any time, or by phone in the afternoon.",
            "I understand that you are busy, and I appreciate every answer.",
            "My colleague {name} is in copy and can answer as well while I am away.",
            "I added a picture of what I see on the screen.",
            "Last time this took four days; I hope it will be quicker now.",
            "We use the plan for small teams and pay by the year.",
        ),
    ),
    "de": Speech(
        "Guten Tag,",
        "Mit freundlichen Grüßen",
        "Am {date} schrieb {name}:",
        {
            "appeals": ("Mein Konto wurde gesperrt", "Widerspruch gegen die Sperrung", "Bitte um Freischaltung"),
            "refunds": ("Rückerstattung Bestellung {n}", "Doppelte Abbuchung", "Geld zurück"),
            "copyright": ("Urheberrechtsverletzung", "Meine Bilder werden verkauft"),
            "general": ("Frage zur Rechnung", "Adresse ändern", "Download startet nicht"),
        },
        {
            "appeals": (
                "mein Konto {user} wurde gestern ohne Begründung gesperrt.",
                "Ich verkaufe seit {years} Jahren bei Ihnen und hatte nie eine Beschwerde.",
                "Ich lege Widerspruch gegen die Sperrung ein und bitte um eine Prüfung durch einen Menschen.",
                "Bitte schalten Sie mein Konto wieder frei, meine Kunden warten.",
            ),
            "refunds": (
                "der Betrag von {amount} Euro wurde zweimal abgebucht.",
                "Bitte erstatten Sie mir die zweite Zahlung für die Bestellung {n}.",
                "Das Produkt entspricht nicht der Beschreibung.",
            ),
            "copyright": (
                "unter dem Link unten werden meine Fotos ohne meine Erlaubnis angeboten.",
                "Ich bin die Urheberin und fordere Sie auf, das Angebot zu entfernen.",
            ),
            "general": (
                "wo kann ich die Anschrift auf meinen Rechnungen ändern?",
                "Der Download bricht bei {amount} Prozent ab, in zwei Browsern.",
                "Wir ziehen um und brauchen eine neue Steuernummer im Profil.",
            ),
        },
        (
            "Ich habe zuerst das Formular auf Ihrer Seite versucht, es endete mit einem Fehler.",
            "Für Rückfragen bin ich nachmittags auch telefonisch zu erreichen.",
            "Ein Bild von der Anzeige hänge ich an.",
            "Vielen Dank im Voraus für Ihre Mühe, ich weiß, dass Sie viel zu tun haben.",
            "Beim letzten Mal hat es vier Tage gedauert, ich hoffe, diesmal geht es schneller.",
        ),
    ),
    "fr": Speech(
        "Bonjour,",
        "Cordialement,",
        "Le {date}, {name} a écrit :",
        {
            "appeals": ("Mon compte a été suspendu", "Contestation de la suspension"),
            "refunds": ("Remboursement de la commande {n}", "Débité deux fois"),
            "copyright": ("Atteinte à mes droits d’auteur",),
            "general": ("Question sur ma facture", "Le téléchargement ne démarre pas"),
        },
        {
            "appeals": (
                "mon compte {user} a été suspendu hier sans explication.",
                "Je vends chez vous depuis {years} ans et je n’ai jamais reçu de plainte.",
                "Je conteste cette décision et je vous prie de réactiver mon compte.",
            ),
            "refunds": (
                "j’ai été débité deux fois de {amount} euros pour la commande {n}.",
                "Merci de rembourser le second paiement sur la même carte.",
            ),
            "copyright": (
                "l’œuvre vendue à l’adresse ci-dessous est la mienne, je n’ai donné aucune autorisation.",
                "Merci de retirer ce produit.",
            ),
            "general": (
                "comment puis-je changer l’adresse sur mes factures ?",
                "Le téléchargement s’arrête à {amount} %.",
            ),
        },
        (
            "J’ai d’abord essayé le formulaire de votre site, qui a répondu par une erreur.",
            "Vous pouvez me joindre à cette adresse, ou par téléphone l’après-midi.",
            "Je joins une image de ce que je vois à l’écran.",
            "Je vous remercie d’avance de votre réponse.",
        ),
    ),
    "es": Speech(
        "Hola,",
        "Un saludo,",
        "El {date}, {name} escribió:",
        {
            "appeals": ("Mi cuenta ha sido suspendida", "Apelación"),
            "refunds": ("Reembolso del pedido {n}", "Me cobraron dos veces"),
            "copyright": ("Infracción de derechos de autor",),
            "general": ("Consulta sobre facturas", "La descarga no empieza"),
        },
        {
            "appeals": (
                "mi cuenta {user} fue suspendida ayer y creo que es un error.",
                "Llevo {years} años vendiendo aquí y nunca he tenido una queja.",
                "Quiero apelar la decisión y recuperar mi cuenta.",
            ),
            "refunds": (
                "me cobraron {amount} euros dos veces por el pedido {n}.",
                "Por favor, devuélvanme el segundo pago.",
            ),
            "copyright": ("la obra del enlace es mía y nunca autoricé su venta.", "Retiren el producto, por favor."),
            "general": (
                "¿cómo cambio la dirección de mi factura?",
                "La descarga se detiene en el {amount} por ciento.",
            ),
        },
        (
            "Probé primero el formulario de su página y dio un error.",
            "Pueden escribirme a esta dirección en cualquier momento.",
            "Adjunto una imagen de lo que veo en la pantalla.",
            "Gracias de antemano por su ayuda.",
        ),
    ),
    "pt": Speech(
        "Olá,",
        "Atenciosamente,",
        "Em {date}, {name} escreveu:",
        {
            "appeals": ("Minha conta foi suspensa", "Recurso contra o banimento"),
            "refunds": ("Reembolso do pedido {n}",),
            "copyright": ("Violação de direitos autorais",),
            "general": ("Dúvida sobre a fatura",),
        },
        {
            "appeals": (
                "minha conta {user} foi suspensa ontem e acredito que seja um engano.",
                "Peço que revejam a decisão e reativem a conta.",
            ),
            "refunds": (
                "fui cobrado duas vezes em {amount} reais no pedido {n}.",
                "Quero o reembolso do segundo pagamento.",
            ),
            "copyright": ("a obra no link abaixo é minha e nunca autorizei a venda.",),
            "general": ("como altero o endereço das minhas faturas?",),
        },
        (
            "Tentei primeiro o formulário do site e apareceu um erro.",
            "Envio em anexo uma imagem da tela.",
            "Agradeço desde já a sua atenção.",
        ),
    ),
    "it": Speech(
        "Buongiorno,",
        "Cordiali saluti,",
        "Il {date} {name} ha scritto:",
        {
            "appeals": ("Il mio account è stato sospeso",),
            "refunds": ("Rimborso ordine {n}",),
            "copyright": ("Violazione del diritto d’autore",),
            "general": ("Domanda sulla fattura",),
        },
        {
            "appeals": (
                "il mio account {user} è stato sospeso ieri, credo per errore.",
                "Chiedo di riesaminare la decisione e di riattivarlo.",
            ),
            "refunds": (
                "mi sono stati addebitati {amount} euro due volte per l’ordine {n}.",
                "Chiedo il rimborso del secondo pagamento.",
            ),
            "copyright": ("l’opera al link qui sotto è mia e non ne ho mai autorizzato la vendita.",),
            "general": ("come posso cambiare l’indirizzo sulle mie fatture?",),
        },
        (
            "Ho provato prima il modulo sul sito, ma ha dato un errore.",
            "Allego un’immagine dello schermo.",
            "Grazie in anticipo per la risposta.",
        ),
    ),
    "pl": Speech(
        "Dzień dobry,",
        "Z poważaniem,",
        "Dnia {date} {name} napisał(a):",
        {
            "appeals": ("Moje konto zostało zawieszone",),
            "refunds": ("Zwrot pieniędzy, zamówienie {n}",),
            "copyright": ("Naruszenie praw autorskich",),
            "general": ("Pytanie o fakturę",),
        },
        {
            "appeals": (
                "moje konto {user} zostało wczoraj zawieszone bez podania przyczyny.",
                "Odwołuję się od tej decyzji i proszę o przywrócenie konta.",
            ),
            "refunds": ("pobrano dwa razy {amount} zł za zamówienie {n}.", "Proszę o zwrot drugiej płatności."),
            "copyright": ("utwór pod poniższym linkiem jest mój i nigdy nie zgodziłem się na jego sprzedaż.",),
            "general": ("jak zmienić adres na fakturach?",),
        },
        (
            "Najpierw próbowałem formularza na stronie, ale pojawił się błąd.",
            "Załączam zrzut ekranu.",
            "Z góry dziękuję za odpowiedź.",
        ),
    ),
    "ru": Speech(
        "Здравствуйте!",
        "С уважением,",
        "{date}, {name} написал(а):",
        {
            "appeals": ("Мой аккаунт заблокирован",),
            "refunds": ("Возврат денег, заказ {n}",),
            "copyright": ("Нарушение авторских прав",),
            "general": ("Вопрос о счёте",),
        },
        {
            "appeals": (
                "мой аккаунт {user} вчера заблокировали без объяснения причин.",
                "Прошу пересмотреть решение и разблокировать аккаунт.",
            ),
            "refunds": ("с меня дважды списали {amount} рублей за заказ {n}.", "Прошу вернуть второй платёж."),
            "copyright": ("произведение по ссылке ниже принадлежит мне, я не разрешал его продавать.",),
            "general": ("как изменить адрес в счетах?",),
        },
        (
            "Сначала я попробовал форму на сайте, но она выдала ошибку.",
            "Прилагаю снимок экрана.",
            "Заранее спасибо за ответ.",
        ),
    ),
    "ja": Speech(
        "お世話になっております。",
        "よろしくお願いいたします。",
        "{date} {name} のメール:",
        {
            "appeals": ("アカウントが停止されました",),
            "refunds": ("注文{n}の返金について",),
            "copyright": ("著作権侵害の申し立て",),
            "general": ("請求書についての質問",),
        },
        {
            "appeals": (
                "昨日、私のアカウント{user}が理由の説明なく停止されました。",
                "決定を見直し、アカウントを復旧していただけますでしょうか。",
            ),
            "refunds": ("注文{n}で{amount}円が二重に請求されました。", "二回目の支払いの返金をお願いします。"),
            "copyright": ("下記のリンクの作品は私のもので、販売を許可したことはありません。",),
            "general": ("請求書の住所はどこで変更できますか。",),
        },
        (
            "先にサイトのフォームを試しましたが、エラーになりました。",
            "画面の画像を添付します。",
            "お忙しいところ恐れ入りますが、ご返信をお待ちしております。",
        ),
    ),
}

NAMES = (
    "Ada Marsh", "Bruno Keller", "Chloé Durand", "Diego Ramos", "Ewa Nowak", "Farid Haddad", "Grete Lindqvist", "Haruka Mori",
    "Ivan Petrov", "Jana Novotná", "Kwame Mensah", "Lucia Bianchi", "Marta Silva", "Noah Becker", "Olga Sokolova", "Pilar Ortega",
)  # fmt: skip
