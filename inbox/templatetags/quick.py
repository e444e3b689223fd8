"""`{% translate %}` and `{% url %}` as Django has them, only quicker where they are plain: a page has hundreds of both.

A literal is looked up once a language, an address once a name. Everything else is left to Django's own tags.
"""

from typing import Any

from django import template
from django.template.base import FilterExpression, Parser, Token
from django.template.defaulttags import URLNode
from django.template.defaulttags import url as django_url
from django.templatetags.i18n import do_translate
from django.utils import translation

from inbox.markup import address

register = template.Library()


class Words(template.Node):
    def __init__(self, literal: str) -> None:
        self.literal = literal.replace("%", "%%")  # as makemessages writes it down
        self.known: dict[str | None, str] = {}

    def render(self, context: Any) -> str:
        language = translation.get_language()
        words = self.known.get(language)
        if words is None:
            words = self.known[language] = translation.gettext(self.literal).replace("%%", "%")
        return words


class Address(template.Node):
    """Of a page with one number in its path."""

    def __init__(self, node: URLNode, name: str, number: FilterExpression) -> None:
        self.node, self.name, self.number = node, name, number

    def render(self, context: Any) -> str:
        number = self.number.resolve(context)
        return address(self.name, number) if type(number) is int else str(self.node.render(context))


@register.tag
def translate(parser: Parser, token: Token) -> template.Node:
    bits = token.split_contents()
    literal = _literal(bits[1]) if len(bits) == 2 else None
    return do_translate(parser, token) if literal is None else Words(literal)


@register.tag
def url(parser: Parser, token: Token) -> template.Node:
    node, bits = django_url(parser, token), token.split_contents()
    name = _literal(bits[1])
    is_plain = name is not None and len(bits) == 3 and len(node.args) == 1
    return Address(node, name, node.args[0]) if is_plain and name is not None else node


def _literal(bit: str) -> str | None:
    """What stands in quotes, and nothing but that."""
    quote, inside = bit[0], bit[1:-1]
    return inside if quote in "\"'" and bit[-1] == quote and len(bit) > 1 and quote not in inside else None
