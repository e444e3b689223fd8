"""Template tags of the whole product (loaded everywhere as builtins)."""

from django import template

register = template.Library()
