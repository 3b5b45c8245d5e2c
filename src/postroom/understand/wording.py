"""Automatic replies that only their words give away: out-of-office notes, receipts, challenges.

A mail is automatic by its words only if nearly all of them are of that sort. One who mentions a vacation and then asks
for something is a person, in every language: the text is cut into clauses, each is told to be the core of an automatic
reply, one of its usual companions (greeting, return date, deputy), or something else, and what else there is decides.

Invariant: any text is judged in time linear in its first `CHARACTERS` characters; no exception.
"""

import re
from typing import Any, Final

from postroom.understand.patterns import pattern

CHARACTERS: Final = 3000
_WORDS: Final = 160
#: how much of the words may be about something else: without and with a telling subject
_ELSE: Final = 0.25
_ELSE_WITH_SUBJECT: Final = 0.5


def _compiled(source: str) -> Any:
    """An RE2 pattern, linear in the text, from a source with blanks for the eye; ``\\w`` means letters of every script."""
    return pattern("(?i)" + "".join(source.split()).replace("\\w", "[\\pL\\pN_]").replace("\\W", "[^\\pL\\pN_]"))


#: subjects that responders write, at the very start (an answer to one begins with "Re:")
_SUBJECT = _compiled(
    r"""(?:automatic\sreply|auto(?:matic|mated)?[\s-]?(?:reply|response|answer)|out[\s-]of[\s-](?:the[\s-])?office(?:\sauto\w*)?|ooo|vacation(?:\sreply|\snotice)?
    |away\sfrom\s(?:my\s)?(?:the\s)?(?:mail|office|desk)|automatische\s(?:antwort|abwesenheits\w+)|abwesenheits(?:notiz|meldung|nachricht|assistent)|abwesend|abwesenheit
    |r[ée]ponse\sautomatique|absence\sdu\sbureau|absen(?:t|ce)(?:\sdu\sbureau)?|message\sd['’]absence|respuesta\sautom[áa]tica|fuera\sde\sla\soficina|ausente
    |resposta\sautom[áa]tica|aus[êe]ncia(?:\stempor[áa]ria)?|fora\sdo\sescrit[óo]rio|risposta\sautomatica|fuori\s(?:sede|ufficio)|assente|automatisch\s(?:antwoord|bericht)|afwezig(?:heid)?(?:sbericht|sassistent)?
    |autosvar|automatiskt?\s(?:svar|svarsmeddelande)|fr[åa]nvaromeddelande|frav[æe]r(?:smelding)?|automatyczna\sodpowied[źz]|autoodpowied[źz]|poza\sbiurem|nieobecno[śs][ćc]
    |automatick[áa]\s(?:odpov[ěe][ďd]|odpove[ďd])|automatikus\sv[áa]lasz|otomatik\s(?:yan[ıi]t|cevap)|ofis\sd[ıi][şs][ıi]nda|автоматический\sответ|автоответ|вне\sофиса|автоматична\sвідповідь|poissaolo\w*|automaattinen\svastaus|αυτόματη\sαπάντηση
    |自動(?:返信|応答)|不在(?:通知|のお知らせ)|自动(?:回复|答复)|自動(?:回覆|回應)|外出|자동\s?(?:회신|응답)|부재\s?중|رد\sتلقائي|מענה\sאוטומטי|odsutnost|r[ăa]spuns\sautomat|(?:th[ưu])?\s?tr[ảa]\sl[ờo]i\st[ựu]\s[đd][ộo]ng|balasan\sotomatis)
    \s*(?:$|[:：\-–—(\[【<])""",
)
_RECEIPT_SUBJECT = re.compile(
    r"(?:read|not read|gelesen|ungelesen|lu|le[íi]do|lida|letto|gelezen|läst|lest|przeczytano|прочитано|прочтено|已读|開封済み|okundu)\s?[:：]",
    re.IGNORECASE,
)

#: a clause that says: nobody is here, or no person wrote this
_CORE = _compiled(
    r"""(?:i\s?(?:am|'m|’m|\swill\sbe|'ll\sbe|’ll\sbe)|we\sare)\s(?:\w+\s){0,3}(?:out\sof\s(?:the\s|my\s|our\s)?(?:office|town|country)|away(?:\sfrom\s(?:the\soffice|my\s(?:desk|e-?mail)))?(?:\s(?:until|till|from|on|and|with|at|between|through)|\W*$)|on\s(?:\w+\s){0,2}(?:leave|vacation|holidays?|sabbatical)|travell?ing)
    |^(?:currently\s)?(?:out\sof\s(?:the\s)?office|on\s(?:vacation|(?:annual|parental|maternity|sick|medical)\sleave|holiday))\b
    |(?:this\sis|you\shave\sreceived)\s(?:only\s)?an?\s(?:\w+\s)?(?:auto(?:mated|matic|matically|-)?[\s-]?(?:generated)?\s?(?:reply|response|e?-?mail|message|notification|acknowledge?ment|answer|confirmation))|auto-?(?:reply|responder)\b
    |(?:your|the)\s(?:e?-?mail|message|mail)\s.{0,80}(?:was|has\sbeen)\s(?:read|displayed|deleted\swithout\sbeing\sread)\b|\boffices?\s(?:is|are|will\sbe)\s(?:currently\s)?closed
    |(?:confirm|verify|prove)\s(?:that\s)?(?:you(?:'re|’re|\sare)\s(?:a\s)?(?:human|real\sperson|not\sa\s(?:spammer|robot))|your\s(?:message|e-?mail)\sis\snot\sspam)|(?:spam|mail)\sprotection.{0,60}(?:verif|confirm)|(?:no\slonger\s(?:works?|working|employed|with)|(?:have|has)\sleft\sthe\scompany)
    |(?:bin|befinde|sind|werde).{0,60}(?:nicht\sim\s(?:büro|buero|haus|dienst)|im\surlaub|in\sden?\s(?:urlaub|ferien)|in\selternzeit|in\smutterschutz|abwesend|au(?:ß|ss)er\shaus|auf\s(?:dienst|geschäfts)reise|nicht\s(?:zu\s)?erreich|nicht\sverfügbar)|(?:im\surlaub|nicht\sim\s(?:büro|haus)|abwesend|au(?:ß|ss)er\shaus).{0,30}\b(?:bin|befinde|sein)\b|erreichen\s?mich\snicht|\bbin\b.{0,40}\bwieder\s(?:im\s(?:büro|haus)|erreichbar|für\ssie\sda)|automatisch\s(?:erzeugt|generiert|erstellt|versandt)\w*\s?(?:antwort|nachricht|e-?mail)?|automatische\s(?:antwort|nachricht)
    |je\s(?:suis|serai)\s(?:\w+\s){0,3}(?:absent|absente|en\s(?:congés?|vacances|déplacement|arr[êe]t)|hors\sdu\sbureau|injoignable)|(?:actuellement|en\sce\smoment|momentanément)\s(?:absent|absente|en\scongés?)|ceci\sest\s(?:un|une)\s(?:message|réponse)\sautomatique|réponse\sautomatique
    |(?:estoy|estaré|me\sencuentro|me\sencontraré|estar[ée])\s(?:\w+\s){0,3}(?:fuera\s(?:de\s(?:la\s|mi\s)?oficina|del\sdespacho)|de\s(?:vacaciones|baja|viaje|permiso)|ausente)|(?:este|esta)\s(?:es\s)?(?:un|una)\s(?:mensaje|respuesta|correo)\sautom[áa]tic[oa]|respuesta\sautom[áa]tica
    |(?:estou|estarei|encontro-me|me\sencontro|vou\sestar)\s(?:\w+\s){0,3}(?:fora\sdo\sescrit[óo]rio|ausente|de\s(?:f[ée]rias|licen[çc]a|baixa)|em\s(?:viagem|f[ée]rias|licen[çc]a))|(?:esta|este)\s(?:é\s)?um\w?\s(?:resposta|mensagem|e-?mail)\sautom[áa]tic[oa]|resposta\sautom[áa]tica
    |(?:sono|sarò|saro|mi\strovo|risulto)\s(?:\w+\s){0,3}(?:fuori\s(?:ufficio|sede)|assente|in\s(?:ferie|vacanza|viaggio|trasferta|maternità|malattia))|(?:questa|questo)\s(?:è\s)?una?\s(?:risposta|messaggio)\sautomatic[oa]|risposta\sautomatica
    |(?:ik\s)?(?:ben|zal)\s(?:ik\s)?.{0,40}(?:niet\s(?:op\s|aanwezig|bereikbaar|in\s)|afwezig|met\s(?:vakantie|verlof)|op\s(?:vakantie|reis)|buiten\skantoor)|automatisch\s(?:antwoord|bericht)
    |(?:jestem|będę|bede|przebywam)\s.{0,40}(?:poza\sbiurem|na\surlopie|nieobecn|niedostępn)|(?:wiadomość|odpowiedź)\s(?:została\s)?(?:wygenerowana\s)?automatyczn
    |(?:ofis\sdışında|izinde|tatilde|yıllık\sizin|seyahatte).{0,40}(?:y[ıi]m|olacağım|bulunmaktayım|olaca[ğg][ıi]m)|otomatik\s(?:bir\s)?(?:yanıt|mesaj|cevap)
    |(?:я\s)?(?:нахожусь|буду|сейчас|в\sнастоящее\sвремя|отсутствую)\s?.{0,40}(?:в\sотпуске|вне\sофиса|отсутств|в\sкомандировке|на\sбольничном|не\sв\sофисе)|отсутствую\s(?:в|на)\s|в\sотпуске\s(?:до|с)\s|автоматическ(?:ий|ое)\s(?:ответ|сообщение)
    |jag\s(?:är|kommer\satt\svara)\s(?:\w+\s){0,3}(?:på\ssemester|bortrest|frånvarande|ledig|inte\spå\skontoret|tjänstledig|föräldraledig)|(?:jeg\ser|er\sjeg)\s(?:\w+\s){0,3}(?:på\sferie|ikke\spå\skontoret|fraværende|ude\saf\skontoret|bortreist|ikke\stil\sstede)|(?:detta\sär\sett|dette\ser\set)\s?auto\w*
    |olen\s(?:\w+\s){0,2}(?:lomalla|poissa)|jsem\s(?:\w+\s){0,2}(?:mimo\skancelář|na\sdovolené|nepřítom)|szabadságon\svagyok|(?:nu\ssunt|sunt)\s(?:\w+\s){0,2}(?:la\sbirou|în\sconcediu)|saya\ssedang\s(?:cuti|tidak\sdi\skantor|di\sluar\skantor)
    |(?:不在に(?:して|し|致|いた)|休暇(?:中|を(?:取|いただ|頂))|外出(?:中|して)|出張中|自動(?:返信|応答|配信)|お休みをいただ)|(?:不在办公室|不在辦公室|正在休假|休假中|外出中|出差(?:中|在外)|正在度假|自动(?:回复|答复|发送)|自動(?:回覆|回應|發送))|(?:부재\s?중|휴가\s?중|출장\s?중|자리를\s?비|자동\s?(?:회신|응답|발송))|خارج\sالمكتب|في\sإجازة|ليس\sفي\sالمكتب""",
)

#: what stands beside such a clause: thanks, dates, deputies, access to mail, promises to answer
_COMPANION = _compiled(
    r"""thank(?:s|\syou)|access\sto\s(?:my\s)?(?:e-?)?mail|(?:limited|no|intermittent|without|sporadic)\s(?:\w+\s)?access|in\smy\sabsence|\breturning\b|direct\s(?:your|all|any)|(?:return|back|returning)\s(?:to|on|in|from|the)|(?:respond|reply|get\sback|answer|read)\s(?:to\s)?(?:you|your|e?-?mails?|as\ssoon|when|upon|after)|(?:urgent|immediate|emergency|urgently)|please\s(?:contact|call|e-?mail|reach)|\b(?:until|till|through|from)\b.{0,30}\d|we\s(?:have\s)?received\syour|as\ssoon\sas\spossible|do\snot\sreply|not\smonitored|ticket\s(?:number|id)|best|kind|regards|sincerely|click\sthe\slink|delivered|one[\s-]time|forwarded
    |vielen\sdank|danke|(?:dringend|eilig|notf)|wenden\ssie\ssich|zurück|rückkehr|weitergeleitet|beantwort|kollege|kollegin|nicht\sgelesen|(?:bis|ab|vom)\s(?:zum\s)?\S{0,12}\d|gr[üu](?:ß|ss)
    |merci|cas\sd['’]urgence|urgen[tc]|contacter|retour|répond|jusqu|à\spartir\sdu|\bdu\s\d|cordialement|collègue
    |gracias|urgen|contact[ae]|regres|respond|hasta\sel|a\spartir\sdel|saludos|desde\sel|vuelta|compañer
    |obrigad|contat|retorn|respond|at[ée]\s(?:o\sdia|dia|ao|\d)|cumprimentos|atenciosamente|colega
    |grazie|contatt|rientr|rispond|fino\sal|dal\s\d|cordiali|saluti|collega
    |bedankt|dank|dringend|contact|terug|beantwoord|\btot\b|vanaf|groet|collega
    |dziękuj|piln|kontakt|wrac|powro|odpowiem|\bdo\s(?:dnia\s)?\d|pozdraw|teşekkür|acil|dönüş|kadar|iletişim|saygı|спасибо|благодар|срочн|обра[щт]|верн|отвеч|(?:^|\s)до\s\d|уважени
    |tack|brådskande|kontakta|åter|tillbaka|återkommer|läser\sinte|\btill\b|hälsning|tak|haster|tilbage|hilsen|kiitos|palaan|děkuji|köszön|mulțumesc|terima\skasih
    |ありがとう|急ぎ|緊急|連絡|戻り|以降|返信|返答|まで|ご了承|よろしく|感谢|谢谢|紧急|联系|返回|回复|至|期间|感謝|緊急|聯絡|回覆|감사|급한|긴급|연락|복귀|까지|답변|회신|شكرا|عاجل|حتى""",
)
#: a month after "13." goes on with its date
_MONTH = (
    r"(?:Jan|Jänner|Feb|Feber|Mär|Mrz|Apr|Mai|Jun|Jul|Aug|Sep|Sept|Okt|Nov|Dez|Oct|Dec|Januar|Februar|März|April|Juni|Juli"
    r"|August|September|Oktober|November|Dezember|January|February|March|June|July|October|December)\b"
)
_CLAUSE = re.compile(
    r"[!;,\n。！；、，]+|(?<!\d)\.(?=\s|$)|(?<=\d)\.(?=\s+(?!" + _MONTH + r")[A-ZÄÖÜА-Я])|(?<=[?？])"
    r"|\s(?i:but|and\sso|so|aber|und|mais|et|pero|y|mas|e|ma|maar|но|и)\s"
)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_ASKS = re.compile(
    r"[?？]|\b(?:refund|suspend\w*|banned|appeal|restore|reinstate|unblock|rückerstatt\w*|gesperrt|suspendid[oa]|bloquead[oa]|bloqué\w*|rembours\w*|reembols\w*|rimbors\w*|sospes[oa]|заблокир\w*|возврат\w*)\b|封号|退款|返金|凍結|환불|정지",
    re.IGNORECASE,
)


def automatic_subject(subject: str) -> bool:
    """Whether a subject is one that responders write. Quick; alone it proves nothing."""
    return (
        _SUBJECT.match(subject[:300].lstrip(" *[")) is not None
        or _RECEIPT_SUBJECT.match(subject[:300].lstrip()) is not None
    )


def automatic(subject: str, new_text: str) -> str:
    """Why a mail is automatic by its words; ``""`` when a person may have written it."""
    text = new_text[:CHARACTERS].strip()
    if not text or _words(text) > _WORDS or _CORE.search(text) is None:
        return ""
    core = companion = other = 0
    core_found = ""
    for clause in map(str.strip, _CLAUSE.split(text)):
        size = _words(clause)
        if _ASKS.search(clause):
            return ""
        if found := _CORE.search(clause):
            core += size
            core_found = core_found or found[0]
        elif _COMPANION.search(clause) or size <= 3:
            companion += size
        else:
            other += size
    if not core_found:
        return ""
    allowed = _ELSE_WITH_SUBJECT if automatic_subject(subject) else _ELSE
    if other > allowed * (core + companion + other):
        return ""
    return f"worded like an automatic reply: “{core_found[:60]}”"


def says_automatic(text: str) -> bool:
    """Whether the words hold the core of an automatic reply at all, whatever else they say."""
    return _CORE.search(text[:CHARACTERS]) is not None


def _words(text: str) -> int:
    """Words, with two characters of a script without spaces counted as one."""
    words = len(text.split())
    return words if text.isascii() else words + len(_WIDE.findall(text)) // 2
