import ast
from pathlib import Path

import pytest
from django.conf import settings

from tenants.jobs import registry
from tenants.jobs.errors import UnknownJob

ROOMS = ("tenants", "compliance", "crm", "marketing", "config")


def test_a_name_belongs_to_one_function(job_named):
    job_named("test.once", lambda ctx: None)

    def another(ctx):
        return None

    with pytest.raises(ValueError, match=r"Two jobs are called test\.once"):
        job_named("test.once", another)


def test_an_unknown_name_raises_and_says_which_exist(counting):
    with pytest.raises(UnknownJob, match=r"No job is called test\.nobody.*test\.count"):
        registry.resolve("test.nobody")


def test_every_name_that_is_enqueued_is_registered():
    registry.autodiscover()
    for place, name in enqueued_names():
        assert isinstance(name, str), f"{place}: write the job's name as a literal for this test to read"
        registry.resolve(name)


def test_the_search_for_enqueued_names_finds_them(tmp_path):
    source = tmp_path / "services.py"
    source.write_text('jobs.enqueue("test.a", actor=None)\nenqueue("test.b", actor=None)\nenqueue(name)\n')
    assert [name for _, name in names_in(source)] == ["test.a", "test.b", None]


def enqueued_names():
    own = Path(settings.BASE_DIR) / "tenants" / "jobs"
    for room in ROOMS:
        for source in sorted((Path(settings.BASE_DIR) / room).rglob("*.py")):
            if not source.is_relative_to(own):
                yield from names_in(source)


def names_in(source: Path):
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == "enqueue":
            first = node.args[0] if node.args else None
            name = first.value if isinstance(first, ast.Constant) else None
            yield f"{source}:{node.lineno}", name
