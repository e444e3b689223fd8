"""The words that scripts put on the screen, in the reader's language: `word("window.hours", {hours: 23})` there."""

import json

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from inbox.enums import MessageStatus


def script_words() -> dict[str, str]:
    """Key → words with %(name)s places."""
    return {
        "time.today": _("Today"),
        "time.yesterday": _("Yesterday"),
        "window.hours": _("%(hours)s h left"),
        "window.soon": _("%(time)s h left"),
        "window.minutes": _("%(minutes)s min left"),
        "window.closed": pgettext("window", "closed"),
        "window.open": _("Window open · %(left)s"),
        "window.closed_since": _("Window closed since %(when)s"),
        "window.just_closed": _("The window just closed. Your draft is saved."),
        "target.in": _("Answer target in %(time)s"),
        "target.at": _("Answer target %(when)s"),
        "target.missed": _("Answer target missed by %(time)s"),
        "waited.minutes": _("%(minutes)s min"),
        "waited.hours": _("%(hours)s h"),
        "window.digits": _("%(time)s h"),
        "waited.days": _("%(days)s d"),
        "board.full": _("%(name)s has %(load)s of %(capacity)s. Assign anyway?"),
        "list.new_one": ngettext("%(count)s new", "%(count)s new", 1),
        "list.new_many": ngettext("%(count)s new", "%(count)s new", 2),
        "list.selected": _("%(count)s selected"),
        "list.unread": _("unread"),
        "typing.reply": _("%(name)s is writing a reply"),
        "typing.note": _("%(name)s is writing a note"),
        "draft.own": _("Draft"),
        "draft.one": _("%(name)s has a draft"),
        "draft.many": _("%(names)s have drafts"),
        "draft.elsewhere": _("Changed on another device: “%(text)s”"),
        "draft.take": _("Use that"),
        "draft.back": _("Back to mine"),
        "typing.row": _("%(name)s is replying …"),
        "viewing.one": _("%(name)s is viewing"),
        "viewing.many": _("%(names)s are viewing"),
        "connection.first": _("Connecting … You can keep writing."),
        "connection.connecting": _("Reconnecting … You can keep writing."),
        "connection.offline": _("Offline. Messages are sent once you are back."),
        "connection.back": _("Connected again"),
        "composer.left": _("%(count)s characters left"),
        "composer.over": _("%(count)s characters too many"),
        "composer.waiting": _("Waiting for the connection"),
        "composer.not_sent": _("Not sent. Your text is still here."),
        "build.unreachable": _("The server did not answer. What you filled in is still here."),
        "forward.drop": _("Do not forward to %(name)s"),
        "message.more": _("Show all"),
        "message.less": _("Show less"),
        "emoji.recent": _("Used last"),
        "emoji.none": _("No emoji found."),
        "later.cancelled": _("Not sent. It is in the composer again."),
        "later.template_cancelled": _("The template will not be sent."),
        "files.empty": _("This file is empty."),
        "files.svg": _("WhatsApp takes pictures as JPEG or PNG, no SVG drawings."),
        "files.audio": _("Audio up to %(limit)s; this one has %(size)s.").replace("%(limit)s", "16 MB"),
        "files.video": _("Videos up to %(limit)s; this one has %(size)s.").replace("%(limit)s", "16 MB"),
        "files.other": _("Files up to %(limit)s; this one has %(size)s.").replace("%(limit)s", "100 MB"),
        "files.cut": _("The connection was cut. The file is still here."),
        "files.busy": _("Uploading, %(count)s to go"),
        "files.not_sent": _("Not sent: the files were still being uploaded. Everything is in the reply field there."),
        "files.sent_when_there": _("Will be sent as soon as everything is uploaded"),
        "files.decide": _("Not all files can be sent: remove those marked, or try them again."),
        "files.text_apart": _("The text goes as a message of its own, after the files."),
        "files.kept": _("Files kept: %(count)s"),
        "files.not_yet": _("Not all files are there yet. Try again when they are, or take them out."),
        "files.not_here": _("Files can be sent once you can write to this person."),
        "files.not_in_note": _("A note holds no files. Switch to “Reply” to send one."),
        "voice.name": _("Voice message"),
        "voice.denied": _(
            "This browser does not lend Tresen the microphone. Allow the microphone in the symbol beside the address,"
            " then try again."
        ),
        "voice.no_microphone": _("No microphone was found. Plug one in, then try again."),
        "voice.busy": _("Another program is using the microphone. Close it, then try again."),
        "voice.unable": _("This browser cannot record here. It needs a secure address (https)."),
        "voice.failed": _("Recording did not start. Please try again."),
        "voice.found": _("A voice message you recorded is here again."),
        "voice.kept": _("The recording is kept. It is there when you open this conversation again."),
        "voice.thrown_away": _("Recording thrown away"),
        "toast.closed": _("Conversation closed"),
        "toast.taken": _("%(name)s took over this conversation"),
        "toast.gone": _("You no longer have access to this conversation."),
        "toast.copied": _("Copied"),
        "toast.not_loaded": _("Could not load. Try again?"),
        "toast.failed": _("Could not save. Try again?"),
        "toast.signed_out": _("You are signed out. Your draft is saved."),
        "toast.dropped": _("Text dropped"),
        "toast.undo": _("Undo"),
        "toast.retry": _("Retry"),
        "toast.sign_in": _("Sign in"),
        "status.sending": _("Sending"),
        "status.sent": str(MessageStatus.SENT.label),
        "status.delivered": str(MessageStatus.DELIVERED.label),
        "status.read": str(MessageStatus.READ.label),
        "status.played": str(MessageStatus.PLAYED.label),
        "status.failed": str(MessageStatus.FAILED.label),
        "template.missing": _("Needed before sending"),
        "template.empty": _("Nothing found for “%(query)s”"),
        "alert.queue": _("Nobody is free: %(count)s waiting"),
    }


_cache: dict[str, str] = {}


def script_words_json() -> str:
    """The same as JSON that may stand inside a script element; one per language and process."""
    language = translation.get_language() or "de"
    if language not in _cache:
        text = json.dumps(script_words(), ensure_ascii=False)
        _cache[language] = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return _cache[language]
