"""What mail programs write around quotes, in their users' languages: tables before code.

Words are in lower case, as `str.casefold` leaves them. A new language is a few words in each table.
"""

from typing import Final, Literal

Field = Literal["from", "to", "cc", "date", "subject", "reply-to"]

#: labels of the header block that Outlook and others put above a quoted or forwarded mail
_LABELS: Final[dict[Field, str]] = {
    "from": """from|von|de|da|van|från|fra|lähettäjä|od|odesílatel|odosielateľ|nadawca|от|от кого|від|від кого|kimden|gönderen|من|
        מאת|发件人|寄件者|寄件人|發件人|差出人|送信者|보낸 사람|보낸사람|보낸이|feladó|expéditeur|remitente|mittente|afzender|avsender|afsender|avsändare|absender|remetente|
        από|từ|người gửi|dari|จาก|प्रेषक|द्वारा|de la|expeditor|šalje|pošiljatelj|pošiljatelj|saatja|nuo|no|подател|frá|pengirim|thư từ|
        message de""",
    "to": """to|an|à|a|para|pour|aan|till|til|vastaanottaja|komu|do|adresat|кому|до кого|kime|alıcı|إلى|אל|收件人|收件者|宛先|受信者|받는 사람|받는사람|받는이|
        címzett|destinataire|destinatario|destinatário|ontvanger|mottaker|modtager|mottagare|empfänger|προς|tới|đến|người nhận|kepada|untuk|ถึง|
        प्रति|प्राप्तकर्ता|către|catre|prima|za|saaja|kam|kas|pre|за""",
    "cc": """cc|kopie|copie|copie à|cópia|copia|kopia|kopi|kopio|копия|копія|cc'd|bcc|bilgi|نسخة|נسخة|העתק|עותק|抄送|副本|副本抄送|참조|숨은참조|másolat|
        κοιν|κοινοποίηση|đồng gửi|tembusan|สำเนา|สำเนาถึง|प्रतिलिपि|bccc|cci|cco|ccn|udw|kopi til|kopie an""",
    "date": """date|sent|datum|gesendet|gesendet am|envoyé|envoyé le|fecha|enviado|enviado el|enviado em|enviada em|enviada|data|inviato|inviata|verzonden|
        verstuurd|wysłano|data wysłania|wysłane|дата|отправлено|відправлено|надіслано|дата відправлення|tarih|gönderildi|gönderme tarihi|gönderilen|التاريخ|تاريخ الإرسال|أرسلت|
        تم الإرسال|תאריך|נשלח|בתאריך|时间|发送时间|日期|發送時間|寄件日期|傳送時間|已傳送|送信日時|日時|日付|送信日|날짜|보낸 날짜|보낸날짜|보낸 시간|보낸시간|dato|sendt|skickat|
        lähetetty|päivämäärä|päiväys|odesláno|odoslané|dátum|küldve|küldés ideje|elküldve|trimis|trimisă|trimis la|dată|στάλθηκε|ημερομηνία|εστάλη|đã gửi|ngày|ngày gửi|vào|gửi|tanggal|
        dikirim|terkirim|วันที่|ส่งแล้ว|ส่งเมื่อ|ส่ง|दिनांक|तारीख|भेजा गया|भेजा|poslano|изпратено|envoyé à|sent at|received""",
    "subject": """subject|re|betreff|objet|asunto|assunto|oggetto|onderwerp|temat|тема|konu|الموضوع|موضوع|נושא|הנדון|主题|主題|主旨|标题|件名|題名|제목|ämne|emne|aihe|předmět|
        predmet|tárgy|subiect|θέμα|chủ đề|tiêu đề|subjek|perihal|เรื่อง|หัวเรื่อง|หัวข้อ|विषय|sujet|относно|teema|naslov""",
    "reply-to": """reply-to|reply to|antwort an|répondre à|responder a|rispondi a|beantwoorden|svar til|svar till|vastausosoite|odpowiedz do|обратный адрес|回复|返信先|답장""",
}

LABELS: Final[dict[str, Field]] = {
    word.strip().casefold(): field for field, words in _LABELS.items() for word in words.split("|") if word.strip()
}

#: labels of a date that people write in lists of their own, too
PLAIN_DATES: Final = frozenset(
    [
        "date",
        "datum",
        "fecha",
        "data",
        "дата",
        "tarih",
        "日期",
        "时间",
        "日時",
        "日付",
        "날짜",
        "dato",
        "التاريخ",
        "תאריך",
        "ngày",
        "tanggal",
        "วันที่",
        "päivämäärä",
        "päiväys",
        "dátum",
        "dată",
        "ημερομηνία",
        "दिनांक",
        "तारीख",
        "vào",
        "received",
    ]
)

#: verbs that close an attribution: they stand right before the colon
_VERBS_LAST: Final = """wrote|sent|writes|said|a écrit|à écrit|écrit|escribió|escribio|ha escrit|escrigué|escreveu|scrisse|ha scritto|het volgende geschreven|geschreven|schreef
    |schreef het volgende|napisał|napisała|napisał(a)|napisał/a|napisal|napisal(a)|pisze|написал|написала|написал(а)|написав|написала|пише|пишет|писал|писал(а)|писав
    |şunu yazdı|şunları yazdı|yazdı|yazmış|كتب|كتبت|كتب ما يلي|ने लिखा|लिखा|写道|写|寫道|寫道|写到|書きました|が書きました|さんが書きました|さんは書きました|のメール|님이 작성|님이 작성함|작성|씀|님이 썼습니다
    |skrev|schrieb|kirjoitti|napsal|napsal(a)|napsala|napísal|napísal(a)|napísala|írta|ezt írta|a következőt írta|a scris|έγραψε|έγραψαν|đã viết|viết|menulis|wrote the following|เขียนว่า|เขียน|כתב|כתבה
    |כתב/ה|כתב או כתבה|skrifaði|kirjutas|rašė|rakstīja|je napisao|je napisala|napisao|je napisao/la|написа|a ecrit|skrev följande|skrev følgende|schrieb folgendes|folgendes geschrieben"""
VERBS_LAST: Final = tuple(
    sorted({w.strip().casefold() for w in _VERBS_LAST.split("|") if w.strip()}, key=len, reverse=True)
)

#: verbs in the middle of an attribution, before the name (German, Nordic, Dutch, Hungarian, Arabic, Hebrew)
VERBS_INSIDE: Final = (
    "schrieb", "hat geschrieben", "geschrieben von", "schreef", "skrev", "ezt írta", "بواسطة", "כתב", "كتب", "מאת", "napsal", "napisał", "użytkownik",
    "odesílatel", "používateľ", "wrote", "escribió", "a écrit", "ha scritto", "escreveu", "yazdı", "写道", "寫道",
)  # fmt: skip

#: how an attribution may begin
STARTERS: Final = (
    "on", "am", "le", "el", "il", "il giorno", "op", "em", "no dia", "a", "w dniu", "dnia", "den", "på", "pe", "la", "în", "in data", "in", "στις", "vào", "vào lúc", "lúc", "pada", "dne", "dňa",
    "ha", "у", "в", "на", "в письме от", "в сообщении от", "від", "בתאריך", "ב-", "ביום", "في", "بتاريخ", "يوم", "在", "ในวันที่", "เมื่อ", "วันที่", "v", "ve", "vo", "kl", "kello", "ti", "sent from", "em ter", "date:", "fecha:", "le:", "-------- original message",
    "mon", "tue", "wed", "thu", "fri", "sat", "sun", "mo", "di", "mi", "do", "fr", "sa", "so", "lun", "mar", "mer", "mié", "jeu", "jue", "ven", "vie", "sam", "sáb", "dim", "dom", "seg", "ter", "qua", "qui", "sex",
    "gio", "sab", "ma", "wo", "vr", "za", "zo", "pon", "wt", "śr", "czw", "pt", "sob", "niedz", "пн", "вт", "ср", "чт", "пт", "сб", "вс", "нд", "понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье",
    "pzt", "sal", "çar", "per", "cum", "cmt", "paz", "ke", "to", "pe", "la", "su", "tir", "ons", "tor", "tors", "fre", "lør", "søn", "man", "po", "út", "ut", "st", "čt", "št", "pá", "pi", "so", "ne", "सोम", "मंगल", "बुध", "गुरु", "शुक्र", "शनि", "रवि",
    "hétfő", "kedd", "szerda", "csüt", "péntek", "szomb", "vas", "luni", "marți", "miercuri", "joi", "vineri", "sâmbătă", "duminică",
)  # fmt: skip

#: words of a person telling a story, not of a program citing one; case matters ("Sie", "Ihr")
TELLING: Final = (
    "I", "me", "my", "you", "your", "we", "us", "our", "they", "he", "she", "that", "which", "following", "ich", "mir", "mich", "uns", "Sie", "Ihr", "Ihre", "Ihnen", "wir", "je", "j'ai", "m'a", "nous", "vous", "votre",
    "usted", "ustedes", "nos", "você", "vocês", "mij", "ons", "pani", "мне", "нам", "вы", "вам", "ваш", "мені", "bana", "size", "jag", "jeg",
)  # fmt: skip

#: titles between dashes above a quoted mail
ORIGINAL: Final = (
    "original", "original message", "original mail", "original email", "original e-mail", "original appointment", "reply message", "reply email", "replied message", "ursprüngliche nachricht", "ursprungliche nachricht", "originalnachricht", "original-nachricht", "originale nachricht", "ursprüngliche e-mail",
    "message d'origine", "message d’origine", "message original", "message initial", "courriel original", "mail original", "e-mail d'origine", "mensaje original", "correo original", "missatge original", "mensagem original", "messaggio originale", "messaggio original", "oorspronkelijk bericht",
    "origineel bericht", "oorspronkelijke bericht", "wiadomość oryginalna", "oryginalna wiadomość", "treść oryginalnej wiadomości", "исходное сообщение", "оригинальное сообщение", "исходное письмо", "первоначальное сообщение", "оригінальне повідомлення", "вихідне повідомлення",
    "orijinal mesaj", "özgün ileti", "orijinal ileti", "özgün mesaj", "الرسالة الأصلية", "رسالة أصلية", "מקורית", "הודעה מקורית", "ההודעה המקורית", "原始邮件", "原邮件", "原始信息", "原始郵件", "原始訊息", "回复的原邮件", "回复的邮件", "元のメッセージ", "元のメール", "original message 元のメッセージ", "원본 메시지", "원본메시지", "원본 메일", "원본메일",
    "원본 이메일", "ursprungligt meddelande", "originalmeddelande", "originalt meddelande", "ursprungligt mail", "oprindelig meddelelse", "original meddelelse", "opprinnelig melding", "original melding", "alkuperäinen viesti", "původní zpráva", "původní e-mail", "pôvodná správa", "eredeti üzenet", "mesaj original", "mesajul original", "αρχικό μήνυμα",
    "thư gốc", "tin nhắn gốc", "thông điệp gốc", "pesan asli", "ข้อความต้นฉบับ", "ข้อความเดิม", "मूल संदेश", "izvorna poruka", "originalna poruka", "оригинално съобщение", "quoted message", "messaggio citato", "mensaje citado",
)  # fmt: skip

#: titles above a forwarded mail
FORWARDED: Final = (
    "forwarded message", "forwarded mail", "forwarded email", "forwarded by", "begin forwarded message", "weitergeleitete nachricht", "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail", "weitergeleitete e-mail", "weitergeleitet von", "message transféré", "message transmis", "courriel transféré", "début du message transféré",
    "début du message réexpédié", "message réexpédié", "mensaje reenviado", "inicio del mensaje reenviado", "correo reenviado", "missatge reenviat", "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem encaminhada", "início da mensagem reencaminhada", "messaggio inoltrato", "inizio messaggio inoltrato", "inizio del messaggio inoltrato",
    "doorgestuurd bericht", "begin doorgestuurd bericht", "doorgezonden bericht", "wiadomość przekazana dalej", "przekazana wiadomość", "przekazywana wiadomość", "wiadomość przesłana dalej", "treść przekazanej wiadomości", "początek przekazywanej wiadomości", "początek przekazanej wiadomości", "treść przekazywanej wiadomości",
    "пересланное сообщение", "пересылаемое сообщение", "начало переадресованного сообщения", "пересланное письмо", "начало пересылаемого сообщения", "переадресованное сообщение", "переслане повідомлення", "пересланий лист", "початок листа, що пересилається", "переслане повідомлення", "iletilen mesaj", "yönlendirilen mesaj", "iletilmiş mesaj", "iletilen ileti", "yönlendirilmiş ileti", "başlangıç iletilen mesaj", "iletilen iletinin başlangıcı", "iletinin başlangıcı",
    "رسالة معاد توجيهها", "الرسالة المعاد توجيهها", "رسالة محولة", "بداية الرسالة المعاد توجيهها", "بدء الرسالة المحولة", "הודעה מועברת", "הודעה שהועברה", "תחילת ההודעה המועברת", "转发的邮件", "转发邮件", "转发的信息", "转发邮件信息", "下面是被转发的邮件", "被转发邮件信息", "开始转发的邮件", "轉寄的郵件", "轉寄郵件", "轉寄訊息", "開始轉寄郵件", "以下是轉寄的郵件", "转寄的邮件",
    "転送メッセージ", "転送されたメッセージ", "転送されたメール", "転送メール", "転送元メッセージ", "転送されたメッセージ:", "전달된 메시지", "전달된 메일", "전달된메일", "전달된 이메일", "전달된 메시지 시작", "vidarebefordrat meddelande", "vidarebefordrat brev", "vidarebefordrat mail", "början på vidarebefordrat brev", "början av vidarebefordrat meddelande", "videresendt besked", "videresendt meddelelse", "videresendt mail", "start på videresendt besked",
    "videresendt melding", "videresendt e-post", "start på videresendt melding", "begynnelse på videresendt melding", "välitetty viesti", "edelleenlähetetty viesti", "alku välitetylle viestille", "välitetty viesti alkaa", "välitetyn viestin alku", "přeposlaná zpráva", "přeposlaný e-mail", "začátek přeposílané zprávy", "začátek přeposlané zprávy", "preposlaná správa", "začiatok preposlanej správy", "továbbított üzenet", "továbbított levél", "továbbított üzenet kezdete", "mesaj redirecționat", "mesaj redirectionat", "mesaj transmis", "mesaj retrimis",
    "începutul mesajului redirecționat", "începe mesajul redirecționat", "προωθημένο μήνυμα", "αρχή προωθημένου μηνύματος", "έναρξη προωθημένου μηνύματος", "thư đã chuyển tiếp", "thư chuyển tiếp", "tin nhắn đã chuyển tiếp", "tin nhắn chuyển tiếp", "bắt đầu thư được chuyển tiếp", "pesan terusan", "pesan yang diteruskan", "pesan diteruskan", "awal pesan yang diteruskan", "mulai meneruskan pesan", "ข้อความที่ส่งต่อ", "ข้อความส่งต่อ", "เริ่มข้อความที่ส่งต่อ", "अग्रेषित संदेश", "फ़ॉरवर्ड किया गया संदेश",
    "अग्रेषित किया गया संदेश", "अग्रेषित संदेश का आरंभ", "proslijeđena poruka", "препратено съобщение", "edastatud kiri", "courriel réexpédié",
)  # fmt: skip

#: "write your answer above this line", which ticket systems put on top of their mails
REPLY_ABOVE: Final = (
    "reply above this line", "type your reply above this line", "reply above the line", "write above this line", "reply above this marker", "respond above this line", "please reply above this line", "respond by replying above this line", "add your reply above this line", "enter your reply above this line",
    "antworten sie oberhalb dieser zeile", "antworten sie über dieser zeile", "oberhalb dieser linie", "oberhalb dieser zeile", "über dieser linie antworten", "über dieser zeile antworten", "bitte über dieser linie", "bitte antworten sie über dieser linie", "au-dessus de cette ligne", "au dessus de cette ligne", "encima de esta línea", "arriba de esta línea", "sobre esta línea",
    "acima desta linha", "sopra questa riga", "sopra questa linea", "al di sopra di questa riga", "boven deze regel", "boven deze lijn", "powyżej tej linii", "nad tą linią", "выше этой строки", "выше этой линии", "над этой строкой", "над этой чертой", "вище цього рядка", "вище цієї лінії", "bu satırın üstüne", "bu satırın üzerine", "bu çizginin üstüne", "فوق هذا السطر", "مעל שורה זו", "מעל לשורה זו", "מעל קו זה", "在此行上方", "在此线上方", "请在此行以上", "在此行以上", "請在此行上方",
    "この行より上", "この行の上", "この線より上", "이 줄 위", "이 라인 위", "이 선 위", "ovanför den här raden", "ovanför denna rad", "over denne linje", "over denne linjen", "ovenfor denne linje", "tämän rivin yläpuolelle", "nad tento řádek", "nad tímto řádkem", "nad tento riadok", "ezen sor fölé", "e sor fölé", "deasupra acestei linii", "deasupra acestui rând", "πάνω από αυτήν τη γραμμή", "πάνω από αυτή τη γραμμή", "phía trên dòng này", "trên dòng này", "di atas baris ini", "เหนือบรรทัดนี้", "इस पंक्ति के ऊपर", "इस लाइन के ऊपर",
)  # fmt: skip

#: a writer who adds only this points at the forwarded words: they are then what is said
NUDGES: Final = frozenset(
    [
        "fyi",
        "fyi.",
        "f.y.i.",
        "for your information",
        "see below",
        "see below.",
        "please see below",
        "pls see below",
        "zur info",
        "zur kenntnis",
        "z.k.",
        "siehe unten",
        "pour info",
        "pour information",
        "voir ci-dessous",
        "para tu información",
        "para su información",
        "ver abajo",
        "pvi",
        "para conhecimento",
        "ver abaixo",
        "per conoscenza",
        "vedi sotto",
        "ter info",
        "zie hieronder",
        "do wiadomości",
        "patrz niżej",
        "см. ниже",
        "для информации",
        "див. нижче",
        "bilginize",
        "للعلم",
        "ראה למטה",
        "לידיעה",
        "供参考",
        "请看下面",
        "見てください",
        "ご参考まで",
        "下記参照",
        "참고",
        "참고하세요",
        "för kännedom",
        "se nedan",
        "til info",
        "til orientering",
        "se nedenfor",
        "tiedoksi",
        "ks. alla",
        "pro informaci",
        "viz níže",
        "tájékoztatásul",
        "lásd alább",
        "spre informare",
        "vezi mai jos",
        "προς ενημέρωση",
        "xem bên dưới",
        "sebagai informasi",
        "lihat di bawah",
        "ดูด้านล่าง",
        "नीचे देखें",
    ]
)

#: what a mail program puts before the subject of a forwarded mail
FORWARD_SUBJECTS: Final = (
    "fwd", "fw", "wg", "tr", "rv", "enc", "encaminhar", "reenv", "i", "inoltro", "doorst", "pd", "podaj dalej", "przekaż", "vs", "vb", "vl", "továbbítás", "továbbít", "fs", "ilt", "yönl", "пер", "пересл", "переслано", "转发", "轉寄", "転送", "전달", "إعادة توجيه", "העברה", "הועבר", "πρθ", "trs", "redirecționat", "teruskan", "chuyển tiếp", "ส่งต่อ",
)  # fmt: skip
