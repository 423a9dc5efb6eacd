"""What the templates show about the views of a list, as in pages.py."""

from collections.abc import Sequence
from dataclasses import dataclass

from forms.base import Form

EVERYTHING = "all"  # what the address of a list has instead of a view


@dataclass(frozen=True)
class ViewTab:
    """A view of the list, or the whole list.

    `mark` names it, `changed` says that the list differs from it, `shared` that it is another's.
    """

    label: str
    href: str
    mark: str
    current: bool
    changed: bool = False
    shared: bool = False


@dataclass(frozen=True)
class ViewBar:
    """The views of a list.

    Attributes:
        tabs: the views, after the whole list; none if there are none.
        state: the address of the list as it is, to be saved.
        changed: whether it differs from the view that is open.
        mark, label: the view that is open.
        version: of the same, if it is this person's own.
        is_default: whether the list opens with it.
        counts_href: where the numbers on the tabs come from, after the page.
        new_href, edit_href, default_href, all_href: where a view is saved, changed and made the
            default, and where all views are; `edit_href` is None for a view of somebody else.
        share_href: where it is shared; None if it is not this person's to share.
        left_out: a sentence about what of the view is not shown, or ''.
    """

    tabs: Sequence[ViewTab]
    state: str
    changed: bool
    is_default: bool
    counts_href: str
    new_href: str
    default_href: str
    all_href: str
    mark: str = EVERYTHING
    label: str = ""
    edit_href: str | None = None
    share_href: str | None = None
    version: int | None = None
    left_out: str = ""


@dataclass(frozen=True)
class KeptView:
    """A saved view: its name, where it is opened, changed and deleted, and who is shown it.

    `share_href` is where it is shared; None if it is not this person's to share. `endable` has the
    groups from which this person may take it away, each with the address.
    """

    name: str
    href: str
    edit_href: str
    delete_href: str
    groups: Sequence[str]
    share_href: str | None = None
    endable: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class ViewsPage:
    """The views that a person sees of a list; `defaults` has those with which it may open."""

    title: str
    list_href: str
    default_href: str
    own: Sequence[KeptView]
    shared: Sequence[KeptView]
    defaults: Sequence[tuple[str, str, bool]]


@dataclass(frozen=True)
class ViewFormPage:
    """The form of a view; `version` is the one that is changed, or None if the view is new."""

    title: str
    form: Form
    action: str
    cancel_href: str
    version: int | None
