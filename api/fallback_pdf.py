"""Draws a fallback list as PDF: A4, black on white, a font of its own inside, so that any printer prints it. Pure.

Brings reportlab, so nothing imports it before somebody prints. The invariant: a patient's sheet is never cut where it
fits on one page, and each page carries when the list was made and until when it may be used.
"""

import io
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from api.fallback_list import COLUMNS, Printed, Sheet

_FONT, _BOLD = "DejaVuSans", "DejaVuSans-Bold"
_MARGIN = 12 * mm
_HEAD = 26 * mm
_WIDTH = A4[0] - 2 * _MARGIN
_RULED = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.black),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#dddddd")),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 1),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
    ]
)
_PLAIN = TableStyle(
    [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("TOPPADDING", (0, 0), (-1, -1), 0),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ]
)
_VALUE_WIDTHS = (0.25, 0.15, 0.24, 0.09, 0.09, 0.09, 0.09)
_OVERVIEW_WIDTHS = (0.36, 0.34, 0.16, 0.14)


def draw(words: Printed) -> bytes:
    """Return the list as a PDF."""
    _fonts()
    out = io.BytesIO()
    frame = Frame(_MARGIN, _MARGIN, _WIDTH, A4[1] - 2 * _MARGIN - _HEAD, 0, 0, 0, 0)
    page = PageTemplate(frames=[frame], onPage=lambda canvas, _: _furnish(canvas, words))
    document = BaseDocTemplate(out, pagesize=A4, title=words.heading, author="Hemvakt", pageTemplates=[page])
    document.build([*_front(words), *(KeepTogether(_patient(sheet, words)) for sheet in words.sheets)])
    return out.getvalue()


@cache
def _fonts() -> None:
    """Make known the fonts that matplotlib brings (DejaVu, free to embed), without importing it."""
    found = find_spec("matplotlib")
    if found is None or found.origin is None:
        raise RuntimeError("matplotlib is installed with the program")
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf"
    for name in (_FONT, _BOLD):
        pdfmetrics.registerFont(TTFont(name, str(folder / f"{name}.ttf")))


def _style(size: float, *, bold: str = _FONT) -> ParagraphStyle:
    return ParagraphStyle(name=f"{bold}{size}", fontName=bold, fontSize=size, leading=size * 1.25)


def _said(text: str, size: float = 9, font: str = _FONT) -> Paragraph:
    return Paragraph(escape(text, quote=False), _style(size, bold=font))


def _furnish(canvas: Canvas, words: Printed) -> None:
    """Put on every page what must never be missing: whose it is, when it was made, until when it may be used."""
    top = A4[1] - _MARGIN
    canvas.setFont(_BOLD, 12)
    canvas.drawString(_MARGIN, top - 4 * mm, words.heading)
    canvas.setFont(_FONT, 9)
    canvas.drawRightString(A4[0] - _MARGIN, top - 4 * mm, f"{words.says('page')} {canvas.getPageNumber()}")
    canvas.setFont(_BOLD, 17)
    canvas.drawString(_MARGIN, top - 12 * mm, words.made)
    canvas.drawString(_MARGIN, top - 20 * mm, words.until)
    canvas.line(_MARGIN, top - 23 * mm, A4[0] - _MARGIN, top - 23 * mm)


def _front(words: Printed) -> list[Flowable]:
    said: list[Flowable] = [_said(each, 10, _BOLD) for each in words.intro]
    if words.overview:
        head = [words.says(key) for key in ("first", "phone", "alerts")]
        rows = [[*head, "NEWS2"], *words.overview]
        said += [Spacer(0, 3 * mm), _ruled(rows, _OVERVIEW_WIDTHS)]
    return [*said, Spacer(0, 6 * mm)]


def _patient(sheet: Sheet, words: Printed) -> list[Flowable]:
    parts: list[Flowable] = [_said(sheet.name, 13, _BOLD), Spacer(0, 1 * mm)]
    facts = [[_said(what, 9, _BOLD), _said(said)] for what, said in sheet.facts]
    facts += [[_said(words.says("alerts"), 9, _BOLD), _said(alert, 9, _BOLD)] for alert in sheet.alerts]
    parts.append(Table(facts, colWidths=[0.22 * _WIDTH, 0.78 * _WIDTH], style=_PLAIN))
    if sheet.rows:
        head = tuple(words.says(key) for key in COLUMNS)
        parts += [Spacer(0, 1 * mm), _ruled([head, *sheet.rows], _VALUE_WIDTHS)]
    return [*parts, Spacer(0, 7 * mm)]


def _ruled(rows: Sequence[Sequence[str]], widths: tuple[float, ...]) -> Table:
    """Return a table with its head on every page that it reaches."""
    head, *body = rows
    drawn = [[_said(each, 8, _BOLD) for each in head], *([_said(each, 8.5) for each in row] for row in body)]
    return Table(drawn, colWidths=[share * _WIDTH for share in widths], repeatRows=1, style=_RULED)
