"""Every mail has its three templates, and every template its mail; otherwise nothing starts."""

from pathlib import Path

import pytest

from backoffice.mail import templates
from backoffice.models import mails


def test_the_templates_are_complete() -> None:
    assert templates.mistakes(mails.names(), templates.FOLDER / "email") == []


@pytest.mark.parametrize("part", templates.PARTS)
def test_a_missing_template_stops_the_start(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mails, "names", lambda: ("invitation", "no_such_mail"))
    with pytest.raises(LookupError) as refused:
        templates.verify_at_start()
    assert f"there is no no_such_mail.{part} in backoffice/templates/email" in str(refused.value)


def test_templates_and_mails_belong_together(tmp_path: Path) -> None:
    for name in ("reminder.subject", "reminder.txt", "reminder.html"):
        (tmp_path / name).touch()
    for name in ("_layout.txt", "reminder.txt~", ".reminder.txt.swp"):
        (tmp_path / name).touch()
    assert templates.mistakes(["reminder"], tmp_path) == []
    (tmp_path / "remainder.txt").touch()
    (tmp_path / "reminder.txt").unlink()
    missing, left_over = templates.mistakes(["reminder"], tmp_path)
    assert missing.startswith("there is no reminder.txt in backoffice/templates/email: every mail")
    assert left_over.startswith("backoffice/templates/email/remainder.txt belongs to no mail: add")
