"""
`{% row left right %}` and `{% rule %}` for letters in plain text.
"""

from django import template

from notifications import columns

register = template.Library()


@register.simple_tag
def row(left: str, right: str = "", indent: int = 0) -> str:
    """
    One row of the letter: left, and flush right.
    """
    return columns.row(str(left), str(right), indent=indent)


@register.simple_tag
def rule(sign: str = "-") -> str:
    """
    A line across the letter.
    """
    return sign * columns.WIDTH
