"""How people and programs end a mail, in their languages: tables before code. Words are in lower case."""

from typing import Final

#: beginnings of the line that a phone or an app adds ("Sent from my iPhone")
MOBILE_BEFORE: Final = (
    "sent from", "sent via", "sent with", "sent using", "get outlook for", "get bluemail for", "sent by", "gesendet von", "gesendet mit", "von meinem", "von meiner", "diese nachricht wurde von", "envoyé de", "envoyé depuis", "envoyé à partir", "envoyé via", "envoyé avec", "provenance :", "télécharger outlook", "obtenir outlook", "enviado desde", "enviado a través", "obtener outlook", "obtén outlook",
    "enviat des", "enviado do", "enviado de", "enviado pelo", "enviado a partir", "enviado via", "obter o outlook", "inviato da", "inviato dal", "inviato con", "ottieni outlook", "scarica outlook", "verzonden vanaf", "verstuurd vanaf", "verzonden met", "verstuurd met", "outlook voor", "wysłane z", "wysłano z", "pobierz outlook", "pobierz aplikację outlook", "отправлено с", "отправлено из", "отправлено от", "послано с", "скачать outlook", "надіслано з",
    "надіслано із", "відправлено з", "iphone'umdan gönderildi", "ipad'imden gönderildi", "أرسلت من", "تم الإرسال من", "أُرسلت من", "مرسل من", "נשלח מ", "发自我的", "发自", "發自我的", "發自", "从我的", "從我的", "傳送自", "スマートフォンから送信", "skickat från", "skickades från", "hämta outlook", "sendt fra", "hent outlook", "lähetetty", "hanki outlook", "odesláno z", "odesláno ze", "odoslané z", "küldve", "elküldve", "trimis de pe", "trimis din", "descărcați outlook",
    "στάλθηκε από", "εστάλη από", "απεστάλη από", "đã gửi từ", "được gửi từ", "gửi từ", "dikirim dari", "dapatkan outlook", "ส่งจาก", "मेरे", "poslano sa", "изпратено от", "outlook für", "outlook pour", "outlook para", "outlook per", "outlook til",
)  # fmt: skip

#: endings of such a line where the verb comes last
MOBILE_AFTER: Final = (
    "から送信", "から送信されました", "より送信", "에서 보냄", "에서 보낸 메일", "에서 전송함", "나의 iphone에서 보냄", "gönderildi", "gönderilmiştir", "gesendet", "से भेजा गया", "से भेजा", "küldve", "elküldve", "lähetetty", "发送", "发出", "傳送", "發送",
)  # fmt: skip

#: what phones, apps and carriers are called: makes a short line a mobile signature for certain
DEVICES: Final = (
    "iphon", "ipad", "ipod", "apple watch", "android", "blackberry", "samsung", "galaxy", "huawei", "xiaomi", "redmi", "poco", "oneplus", "oppo", "vivo", "pixel", "nokia", "lumia", "htc", "motorola", "moto g", "sony xperia", "xperia", "realme", "honor", "windows phone", "windows mobile", "windows 10", "windows 11", "for windows", "für windows", "pour windows", "para windows", "per windows", "voor windows",
    "outlook", "gmail mobile", "gmail app", "yahoo mail", "yahoo", "proton mail", "protonmail", "tutanota", "tuta", "aol", "bluemail", "spark", "airmail", "k-9", "fairemail", "mailbird", "polymail", "superhuman", "newton", "edison", "mobile", "smartphone", "handy", "smartphon", "telefon", "telefono", "teléfono", "téléphone", "telefone", "phone", "телефон", "смартфон", "мобильной", "мобільн", "почты", "mail.ru", "яндекс", "yandex", "ukr.net",
    "tablet", "tablette", "gmx", "web.de", "orange mail", "application mail", "libero", "icloud", "mailbox", "foxmail", "qq邮箱", "qq邮箱", "网易", "手机", "手機", "스마트폰", "아이폰", "네이버", "아이패드", "스마트 폰", "スマートフォン", "携帯", "הטלפון", "אייפון", "הנייד", "هاتفي", "الهاتف", "آيفون", "جهاز", "thiết bị", "điện thoại", "ponsel", "perangkat", "มือถือ", "โทรศัพท์", "ไอโฟน", "फ़ोन", "फोन", "आईफोन", "mobil", "puhelimesta", "kännykä", "mobilen", "κινητό", "device", "gerät", "sparrow", "mailspring", "thunderbird", "zoho",
)  # fmt: skip

#: a line that closes a letter; a signature may follow it
_SIGN_OFFS: Final = """thanks|thank you|many thanks|thanks again|thanks in advance|thank you in advance|thanks so much|thank you very much|thx|cheers|best|all the best|best wishes|regards|kind regards|best regards|warm regards|warmest regards|kindest regards
    |with kind regards|with best regards|with regards|sincerely|yours sincerely|sincerely yours|yours truly|yours faithfully|respectfully|cordially|many thanks and kind regards|thanks and regards|thanks & regards|br|kr|rgds|mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichem gruß|freundliche grüße
    |freundliche grüsse|viele grüße|viele grüsse|liebe grüße|beste grüße|beste grüsse|schöne grüße|herzliche grüße|mit besten grüßen|gruß|grüße|mfg|lg|vg|hochachtungsvoll|vielen dank|danke|cordialement|bien cordialement|très cordialement|bien à vous|salutations|sincères salutations|meilleures salutations|cdlt|merci|merci d'avance
    |bonne journée|respectueusement|saludos|un saludo|saludos cordiales|cordiales saludos|un cordial saludo|atentamente|atte|gracias|muchas gracias|saludos atentos|un abrazo|atenciosamente|cumprimentos|com os melhores cumprimentos|melhores cumprimentos|abraços|abs|obrigado|obrigada|grato|grata|att|cordialmente|cordiali saluti|distinti saluti
    |un saluto|saluti|grazie|grazie mille|cordialità|met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|vriendelijke groeten|groeten|groetjes|groet|mvg|bedankt|hartelijke groet|pozdrawiam|z poważaniem|z wyrazami szacunku|pozdrowienia|dziękuję|łączę pozdrowienia|с уважением|с наилучшими пожеланиями|спасибо|всего доброго
    |з повагою|дякую|з найкращими побажаннями|saygılarımla|saygılarımızla|iyi çalışmalar|teşekkürler|sevgiler|selamlar|مع أطيب التحيات|مع التحية|تحياتي|شكرا|شكراً|مع خالص التحية|मेरे सादर|सादर|धन्यवाद|此致|敬礼|此致敬礼|谢谢|祝好|顺祝商祺|謝謝|よろしくお願いします|よろしくお願いいたします|宜しくお願い致します|敬具|감사합니다|고맙습니다|안녕히 계세요|드림
    |med vänliga hälsningar|vänliga hälsningar|med vänlig hälsning|vänligen|mvh|hälsningar|tack|med venlig hilsen|venlig hilsen|de bedste hilsner|hilsen|vh|tak|med vennlig hilsen|vennlig hilsen|beste hilsen|takk|ystävällisin terveisin|parhain terveisin|terveisin|terv|yst. terv|kiitos|s pozdravem|s přátelským pozdravem|pozdrav|děkuji|díky|s pozdravom
    |üdvözlettel|tisztelettel|köszönettel|köszönöm|üdv|cu stimă|cu respect|mulțumesc|multumesc|toate cele bune|με εκτίμηση|φιλικά|ευχαριστώ|με φιλικούς χαιρετισμούς|trân trọng|trân trọng kính chào|xin cảm ơn|cảm ơn|thân ái|salam|hormat saya|terima kasih|salam hormat|ขอแสดงความนับถือ|ด้วยความเคารพ|ขอบคุณ|ขอบคุณค่ะ|ขอบคุณครับ|בברכה|תודה|בכבוד רב|תודה רבה"""

SIGN_OFFS: Final = frozenset(word.strip().casefold() for word in _SIGN_OFFS.split("|") if word.strip())

#: phrases that only legal boilerplate uses
DISCLAIMER_PHRASES: Final = (
    r"(?:this|the) (?:e-?mail|message|communication|transmission|email message)(?: message)?(?:,? (?:and|including|together with) (?:any|all|its|the) (?:files?|attachments?|documents?)[^.]*)?,? (?:is|are|may be|may contain|contains?|is intended|are intended)\b[^.]*(?:confidential|privileged|intended (?:solely|only|exclusively))",
    r"if you (?:are not|have received|received) (?:the (?:intended|named) (?:recipient|addressee)|this (?:e-?mail|message|communication|transmission) in error)", r"^[* _]*(?:confidentiality notice|legal notice|legal disclaimer|email disclaimer|disclaimer|privileged and confidential)[* _]*[:.\-]", r"intended (?:solely|only) for the (?:use of the )?(?:individual|addressee|person|recipient|named)",
    r"please consider the environment before printing", r"before printing this e-?mail", r"registered (?:office|in england)\b.*(?:company|registration|registered) (?:no|number)",
    r"diese (?:e-?mail|nachricht)[^.]*(?:enthält|kann)[^.]*(?:vertrauliche|rechtlich geschützte)", r"(?:falls|wenn|sollten) sie nicht der (?:richtige|beabsichtigte|vorgesehene)[^.]*(?:adressat|empfänger)", r"(?:geschäftsführer|vorstand|aufsichtsrat)\S*:.*(?:amtsgericht|hrb|registergericht)", r"denken sie an die umwelt", r"(?:amtsgericht|registergericht|handelsregister)[^.]*\bhr[ab] ?\d",
    r"ce (?:message|courriel|mail|courrier électronique)[^.]*(?:confidentiel|destiné exclusivement|exclusivement destiné|strictement)", r"si vous (?:n'êtes pas|avez reçu ce)[^.]*(?:destinataire|par erreur)", r"pensez à l['’]environnement", r"este (?:mensaje|correo)[^.]*(?:confidencial|dirigido exclusivamente|exclusivamente)", r"si (?:usted )?(?:no es el destinatario|ha recibido este (?:mensaje|correo) por error)",
    r"est[ea] (?:mensagem|e-?mail)[^.]*(?:confidencia|exclusivamente)", r"caso (?:você )?não seja o destinatário", r"(?:questo messaggio|questa e-?mail|il presente messaggio|la presente (?:e-?mail|comunicazione)|le informazioni contenute)[^.]*(?:riservat|confidenzial|esclusivamente)", r"dit (?:e-?mail)?bericht[^.]*(?:vertrouwelijk|uitsluitend)", r"(?:ta|niniejsza) wiadomość[^.]*(?:poufn|wyłącznie)", r"(?:данное|это|настоящее) (?:сообщение|письмо|электронное)[^.]*(?:конфиденциальн|исключительно)",
    r"(?:це|дане) (?:повідомлення|електронне)[^.]*(?:конфіденційн|виключно)", r"bu (?:e-?posta|ileti|mesaj)[^.]*(?:gizli|yalnızca|sadece)[^.]*", r"(?:det här|detta) (?:e-?post)?meddelande[^.]*(?:konfidentiell|endast avsett)", r"denne (?:e-?mail|e-?post|meddelelse|melding)[^.]*(?:fortrolig|konfidensiell|udelukkende|kun beregnet)", r"tämä (?:sähköposti|viesti)[^.]*(?:luottamukselli|tarkoitettu vain)", r"(?:tato|tento) (?:zpráva|e-?mail|správa)[^.]*(?:důvěrn|dôvern|určen)", r"(?:ez az|jelen) (?:e-?mail|üzenet|elektronikus)[^.]*(?:bizalmas|kizárólag)",
    r"acest (?:mesaj|e-?mail)[^.]*(?:confidenţial|confidențial|exclusiv)", r"(?:το παρόν|αυτό το) (?:μήνυμα|email|ηλεκτρονικό)[^.]*(?:εμπιστευτικ|αποκλειστικά)", r"(?:هذه الرسالة|هذا البريد)[^.]*(?:سرية|سري|خصوصية)", r"(?:הודעה זו|דואר אלקטרוני זה)[^.]*(?:חסוי|סודי)", r"本(?:邮件|郵件|电子邮件)[^。]*(?:保密|机密|機密|仅供|僅供)", r"(?:本メール|このメール|このメッセージ|本電子メール)[^。]*(?:機密|秘密|受信者のみ)", r"(?:본|이) ?(?:메일|이메일|메시지)[^.]*(?:기밀|비밀|수신인|지정된)", r"(?:thư này|email này)[^.]*(?:bảo mật|bí mật)", r"(?:email|pesan|surel) ini[^.]*(?:rahasia|hanya ditujukan)", r"(?:อีเมลนี้|ข้อความนี้)[^.]*(?:ความลับ|เฉพาะ)", r"यह (?:ईमेल|संदेश)[^।]*(?:गोपनीय)",
)  # fmt: skip

#: warnings that a mail gateway puts above a mail from outside
BANNER_PHRASES: Final = (
    r"(?:caution|warning|external|attention|notice)[\s*:!\]\-–—]{1,6}(?:this (?:e-?mail|message) |external e?-?mail)?[^.]*(?:originated|came|was sent|is)? ?(?:from )?(?:outside|an external)", r"this (?:e-?mail|message) (?:originated|was sent|came) from outside", r"^\[?external(?: e-?mail| sender)?\]?[:.]?$", r"(?:achtung|vorsicht|warnung)[: ]{1,3}(?:diese )?(?:externe|e-?mail)[^.]*(?:extern|absender)", r"you don['’]t often get e-?mail from", r"sie erhalten nicht oft eine? e-?mail von", r"vous n['’]obtenez pas souvent d['’]e-?mail",
    r"no suele recibir correos? electrónicos?",
)  # fmt: skip
