"""The helpers inside the real frameworks: what a template of Django or Flask renders."""

import django
import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.template import Context, Template
from django.test import override_settings
from flask import Flask, render_template_string

from imageservice_web.flask import Images

URL = "https://images.example.com"
HOSTILE = '"><script>alert(1)</script>'
RED = '<img src="https://images.example.com/images/shoes/red%20chair.jpg?w=1920"'
THUMB = "https://images.example.com/images/shoes/red%20chair.jpg?size=thumb"


@pytest.fixture(scope="module", autouse=True)
def django_project() -> None:
    settings.configure(
        INSTALLED_APPS=["imageservice_web.django"],
        IMAGE_SERVICE_URL=URL,
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    )
    django.setup()


def in_django(template: str, **context: object) -> str:
    return str(Template("{% load imageservice %}" + template).render(Context(context)))


def in_flask(template: str, **context: object) -> str:
    app = Flask("shop")
    app.config["IMAGE_SERVICE_URL"] = URL
    Images(app)
    with app.app_context():
        return render_template_string(template, **context)


def test_django_renders_an_image_and_a_link() -> None:
    html = in_django("{% image id alt=name width=1600 height=1200 %}", id="shoes/red chair.jpg", name=HOSTILE)
    assert html.startswith(RED)
    assert "<script>" not in html
    assert in_django('{% image_url id size="thumb" %}', id="shoes/red chair.jpg") == THUMB


def test_flask_renders_an_image_and_a_link() -> None:
    html = in_flask(
        "{{ image(id, alt=name, width=1600, height=1200) }}", id="shoes/red chair.jpg", name=HOSTILE
    )
    assert html.startswith(RED)
    assert "<script>" not in html
    assert in_flask('{{ image_url(id, size="thumb") }}', id="shoes/red chair.jpg") == THUMB


def test_the_plans_own_widths_are_a_setting() -> None:
    with override_settings(IMAGE_SERVICE_WIDTHS=(100, 200)):
        assert "?w=100 100w, " in in_django('{% image "a" alt="" width=1 height=1 %}')


def test_django_checks_that_the_settings_name_the_service() -> None:
    call_command("check")
    with (
        override_settings(IMAGE_SERVICE_URL=""),
        pytest.raises(SystemCheckError, match="IMAGE_SERVICE_URL is not set"),
    ):
        call_command("check")


def test_flask_names_the_missing_setting() -> None:
    with pytest.raises(KeyError, match="IMAGE_SERVICE_URL"):
        Images(Flask("shop"))
