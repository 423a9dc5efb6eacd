"""What the templates of a screen show: they compute nothing, and each page is one of these."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from backoffice.models.row_keys import RowKey
from forms.base import Form
from views.screen.pages_of_views import ViewBar

Choice = tuple[str, str, bool]  # the value, its label, and whether it is chosen


# The list


@dataclass(frozen=True)
class ColumnHead:
    """The heading of a column.

    Attributes:
        label: what people call it.
        sort_href: where it sorts the list; None if it cannot.
        aria_sort: how the list is sorted by it, in the words of ARIA; None if by another column.
        look: how it looks: 'label', 'number' or plain.
    """

    label: str
    sort_href: str | None
    aria_sort: str | None
    look: str


@dataclass(frozen=True)
class FilterControl:
    """One filter of a list.

    Attributes:
        name: the attribute of the model.
        key: the name of the field.
        label: what people call it.
        widget: 'text', 'choice', 'select', 'relation', 'number' or 'date'; the last two are ranges.
        value: what is typed, of a text.
        choices: what is offered, of a choice.
        lookup_url: where more of them are found; None if these are all.
        value_from, value_to: the two ends of a range.
        days_of: the time zone of its days, if they are days of anybody's calendar.
    """

    name: str
    key: str
    label: str
    widget: str = "text"
    value: str = ""
    choices: Sequence[Choice] = ()
    lookup_url: str | None = None
    value_from: str = ""
    value_to: str = ""
    days_of: str = ""


@dataclass(frozen=True)
class Chip:
    """A filter that is on, or the search, with the link that takes it off."""

    label: str
    remove_href: str


@dataclass(frozen=True)
class BulkAction:
    """An action on the ticked rows, or on none; `url` plans its preview."""

    label: str
    url: str
    danger: bool
    apart: bool = False  # whether a line stands before it


@dataclass(frozen=True)
class ListMenu:
    """A menu of a screen's own beside the title of its list.

    Attributes:
        label, icon: what it is called, and a symbol of backoffice/static/icons.svg.
        links: what it holds, each with its address.
        hint: a sentence above the list; '' for none.
    """

    label: str
    icon: str
    links: Sequence[tuple[str, str]]
    hint: str = ""


@dataclass(frozen=True)
class ListPage:
    """A list.

    Attributes:
        title: the name of the screen.
        columns: the headings, in the order of the cells.
        rows: the rows as ready HTML.
        sticky_column: the position of the column that stays in sight while the others scroll.
        problems: why there are no rows, if the query makes no sense.
        search, search_label: what is searched for, and where.
        searched: in which columns; '' for none.
        count, count_label: how many rows match, as a number and in words.
        filters, chips: what the list can be filtered by, and what it is filtered by.
        clear_href: the list without search and filters.
        first_href, previous_href, next_href: other rows; None where there are none.
        kept: what a search sends along, so that order, columns, view and tab stay.
        sizes: how many rows a page may have, and whether it is the size of this one.
        column_choices: the columns to choose from.
        column_kept: a chosen column that a tab does not show.
        preferences_href: where the chosen size and columns are kept.
        actions: what may be done with ticked rows.
        global_actions: what may be done without any row.
        attach, attach_to: the button that attaches rows, and the row that it attaches them to.
        add_href, add_label: where rows are chosen to be added to a tab; '' if they cannot be.
        tab: the tab in which the list is shown; '' on a page of its own.
        views: the views of the list; None in a tab.
        query_string: the query string, which the form of the rows sends along.
        may_all_matching: whether the actions may be used on all rows that match.
        exports: the formats of a file, each with its address.
        menu: the screen's own menu; None in a tab, and for screens without one.
        create_href, create_label: where a row is added; None if this person may not.
        above: what stands above the list.
    """

    title: str
    columns: list[ColumnHead]
    rows: Sequence[Markup] = ()
    sticky_column: int = 1
    problems: Sequence[str] = ()
    search: str = ""
    searched: str = ""
    search_label: str = ""
    count: int = 0
    count_label: str = ""
    filters: Sequence[FilterControl] = ()
    chips: Sequence[Chip] = ()
    clear_href: str = ""
    kept: Sequence[tuple[str, str]] = ()
    first_href: str | None = None
    previous_href: str | None = None
    next_href: str | None = None
    sizes: Sequence[tuple[int, bool]] = ()
    column_choices: Sequence[Choice] = ()
    column_kept: str = ""
    preferences_href: str = ""
    actions: Sequence[BulkAction] = ()
    global_actions: Sequence[BulkAction] = ()
    attach: BulkAction | None = None
    attach_to: RowKey = 0
    add_href: str = ""
    add_label: str = ""
    tab: str = ""
    views: ViewBar | None = None
    query_string: str = ""
    may_all_matching: bool = False
    exports: Sequence[tuple[str, str]] = ()
    menu: ListMenu | None = None
    create_href: str | None = None
    create_label: str = ""
    above: Markup | str = ""


# A row's details


@dataclass(frozen=True)
class Heading:
    """The title of a row's details, with a picture beside it if it has one."""

    title: str
    avatar: Markup | str = ""


@dataclass(frozen=True)
class Fact:
    """A value of a row; in a form with the reason why it is only shown."""

    label: str
    value: Markup
    help: str = ""


@dataclass(frozen=True)
class Section:
    """Some values of a row under a title."""

    title: str
    fields: list[Fact]


@dataclass(frozen=True)
class Tab:
    """A link to a part of the page."""

    label: str
    href: str
    current: bool
    count: str = ""


@dataclass(frozen=True)
class MenuItem:
    """An action on one row: `url` plans its preview, or `refused` says why it is not possible."""

    label: str
    url: str = ""
    row: RowKey = 0
    danger: bool = False
    refused: str = ""
    group: int = 0
    apart: bool = False  # whether a line stands before it


@dataclass(frozen=True)
class DetailsPage:
    """A row.

    Attributes:
        title, avatar: its heading.
        subtitle, badges: what stands below that.
        warnings: what people should know about it.
        back_href, back_label: the list.
        edit_href: its form; None if this person may not edit it.
        duplicate_href: the form of a new row like it; '' if this person may not add one.
        actions: what may be done with it.
        tabs: the parts of the page.
        sections: the content of the overview.
        rows: the list of a tab with other rows.
        panel: the content of any other tab.
        below: what stands below the overview.
    """

    title: str
    avatar: Markup | str
    subtitle: Markup | str
    badges: list[Markup]
    warnings: list[str]
    back_href: str
    back_label: str
    edit_href: str | None
    duplicate_href: str
    actions: list[MenuItem]
    tabs: list[Tab]
    sections: Sequence[Section] = ()
    rows: ListPage | None = None
    panel: Markup | None = None
    below: Markup | str = ""


# The preview of an action


@dataclass(frozen=True)
class OutcomeRow:
    """A row that a preview is about; `message` says why nothing happens to it."""

    href: str
    number: str
    label: str
    message: str


@dataclass(frozen=True)
class Outcome:
    """What happens to how many rows, with the first of them; `more` others are only counted."""

    name: str
    label: str
    count: int
    rows: list[OutcomeRow]
    more: int


@dataclass(frozen=True)
class PreviewPage:
    """What an action would do.

    Attributes:
        title: what is previewed.
        url: where the page's forms are sent.
        back_href: where giving up leads to.
        danger: whether the button warns.
        form: what is to be chosen first; None if nothing is.
        present: the one row that it is about, and what is set of it now; nothing of several rows.
        problem: why it was refused, unless a field says so.
        ready: whether nothing is to be chosen any more. Only then there is the rest.
        headline: what happens, in sentences.
        doable: to how many rows.
        outcomes: to which rows.
        irreversible: what an undo cannot bring back.
        button: what the button says.
        reason_required, reason, reason_error: whether a reason is asked for, what was typed, and
            what is wrong with it.
        confirm_phrase, confirm, confirm_error: the same for a phrase; None if none is asked for.
    """

    title: str
    url: str
    back_href: str
    danger: bool
    form: Form | None
    problem: str | None
    ready: bool
    headline: Sequence[str] = ()
    doable: int = 0
    outcomes: Sequence[Outcome] = ()
    irreversible: Sequence[str] = ()
    present: Sequence[Fact] = ()
    button: str = ""
    reason_required: bool = False
    reason: str = ""
    reason_error: str | None = None
    confirm_phrase: str | None = None
    confirm: str = ""
    confirm_error: str | None = None
