"""The languages people read: gettext catalogues, and how times, numbers and sizes are written in each."""

from hub.locale.catalogue import LOCALES
from hub.locale.negotiation import negotiate
from hub.locale.translator import TicketTexts, Translator, translator

__all__ = ["LOCALES", "TicketTexts", "Translator", "negotiate", "translator"]
