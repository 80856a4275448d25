"""The page of a report in a real browser: nothing refused, nothing asked for, as wide as a phone, filtered."""

from pathlib import Path

import pytest

from tests.chromium import console_lines, drive, requested_urls

pytestmark = [pytest.mark.chromium, pytest.mark.slow]

WIDE = "return [document.documentElement.scrollWidth, window.innerWidth]"


def test_no_error_and_no_request(page: Path) -> None:
    assert console_lines(page / "report.html") == []
    assert requested_urls(page / "report.html") == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_page_is_no_wider_than_its_window(page: Path, width: int) -> None:
    wide, window = drive(page / "report.html", WIDE, width=width, height=844)
    assert wide <= window


def test_failures_are_filtered_by_type(page: Path) -> None:
    script = """const form = document.getElementById('filters'), select = form.querySelector('[name=type]');
    const cards = () => [...document.querySelectorAll('.card')].filter((card) => !card.hidden);
    const all = cards().length; select.value = select.options[1].value; form.dispatchEvent(new Event('change'));
    return [form.hidden, all, cards().length, new Set(cards().map((card) => card.dataset.type)).size,
            form.querySelector('output').textContent];"""
    hidden, before, after, kinds, told = drive(page / "report.html", script)
    assert (hidden, kinds) == (False, 1)
    assert 0 < after < before
    assert told == f"{after} of {before}"


def test_an_address_of_a_failure_that_is_filtered_away_shows_it(page: Path) -> None:
    script = """const form = document.getElementById('filters'), select = form.querySelector('[name=type]');
    select.value = select.options[1].value; form.dispatchEvent(new Event('change'));
    const card = document.querySelector('.card[hidden]'); window.location.hash = card.id;
    await new Promise((done) => window.setTimeout(done, 50)); return card.hidden;"""
    assert drive(page / "report.html", script) is False


def test_without_scripts_every_failure_is_on_the_page(page: Path) -> None:
    html = (page / "report.html").read_text()
    assert '<form class="filters" id="filters" hidden>' in html
    assert "<article" in html
    assert 'class="card" hidden' not in html
