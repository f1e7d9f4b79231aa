"""Templates filled in: what every page of the console is made with."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from aiohttp import web
from jinja2 import Environment, FileSystemLoader

from console.pages.json_view import paint_json
from console.pages.picture import ledger_bar, moment, order_bar, tone
from console.web.problem import Problem
from console.wording import BUCKETS, age, counted, figures, identity, key_figure, money, quantity, sentence, sums

_HERE = Path(__file__).parent
_templates = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


def _path_segment(text: object) -> str:
    return quote(str(text), safe="")


def _without(mapping: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name not in names}


_templates.filters.update(
    without=_without,
    moment=moment,
    quantity=quantity,
    money=money,
    named=identity,
    sentence=sentence,
    tone=tone,
    counted=counted,
    figures=figures,
    sums=sums,
    age=age,
    key_figure=key_figure,
    segment=_path_segment,
)
_templates.globals.update(ledger_bar=ledger_bar, order_bar=order_bar, paint_json=paint_json, buckets=BUCKETS)


def rendered(template: str, status: int = 200, **content: Any) -> web.Response:
    """A page of that template."""
    text = _templates.get_template(template).render(**content)
    return web.Response(status=status, text=text, content_type="text/html")


def problem_page(problem: Problem) -> web.Response:
    """A problem, for a person."""
    return rendered("problem.html", problem.status, problem=problem)
