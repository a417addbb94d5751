"""What the boards are made of: queries, panels and boards, with the settings that they all share."""

import json
from dataclasses import dataclass
from typing import Final, TypeAlias

from grafana_foundation_sdk.builders import common as commons
from grafana_foundation_sdk.builders import dashboard as dashboards
from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    FieldTextAlignment,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
    VariableSort,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

ROUTE: Final = 'groundwire_route=~"$route"'
"""The matcher of the board's variable."""
WINDOW: Final = "[$__rate_interval]"
"""What Grafana takes rates over: at least four scrapes."""

_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="prometheus")
_TAG: Final = "groundwire"

Panel: TypeAlias = timeseries.Panel | stat.Panel | table.Panel


@dataclass(frozen=True, slots=True)
class Query:
    """What Prometheus is asked.

    Attributes:
        expr: in PromQL.
        legend: the name of each series, in which `{{label}}` stands for a label's value.
        exemplars: whether single calls are shown as points, each with a link to its trace.
    """

    expr: str
    legend: str = ""
    exemplars: bool = False


def rate(metric: str, by: str = "", where: str = "") -> str:
    """Return the sum of a counter's rates, per second."""
    grouped = f" by ({by}) " if by else ""
    selector = f"{metric}{{{where}}}" if where else metric
    return f"sum{grouped}(rate({selector}{WINDOW}))"


def share(metric: str, of: str, by: str = "", where: str = "") -> str:
    """Return the share of a counter's events that match, 0 to 1; a group in which none matches is 0.

    Args:
        metric: the counter.
        of: the matcher of the events that are counted.
        by: labels, each of whose values has a share of its own.
        where: the matcher of all events.
    """
    both = ", ".join(each for each in (where, of) if each)
    some, whole = rate(metric, by, both), rate(metric, by, where)
    return f"({some} or {whole} * 0) / ({whole} > 0)"


def percentile(percent: int, histogram: str, by: str = "", where: str = "") -> str:
    """Return the value that this percentage of a distribution does not exceed."""
    labels = ", ".join(each for each in ("le", by) if each)
    return f"histogram_quantile({percent / 100:g}, {rate(f'{histogram}_bucket', labels, where)})"


def lines(
    title: str, description: str, unit: str, *queries: Query, width: int = 8, stacked: bool = False, top: float = 0
) -> timeseries.Panel:
    """Return a panel of series over time.

    Args:
        title: of the panel.
        description: what it shows, and what to make of it.
        unit: of its values, as Grafana names it.
        queries: what it shows.
        width: in columns, of 24.
        stacked: whether the series add up.
        top: the largest value that can be; 0 leaves the axis to the values.
    """
    legend = commons.VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM)
    tooltip = commons.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
    panel = timeseries.Panel().title(title).description(description).datasource(_SOURCE).unit(unit).min(0)
    panel = panel.span(width).height(8).legend(legend.show_legend(True)).tooltip(tooltip)
    panel = panel.fill_opacity(60 if stacked else 8).show_points(VisibilityMode.NEVER).no_value("none")
    if stacked:
        panel = panel.stacking(commons.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    if top:
        panel = panel.max(top)
    return panel.targets([_target(number, query).range() for number, query in enumerate(queries)])


def number(
    title: str, description: str, unit: str, expr: str, *, warn: float | None = None, bad: float | None = None
) -> stat.Panel:
    """Return a panel of one number, with the course that it took.

    Args:
        title: of the panel.
        description: what it shows, and what to make of it.
        unit: of the number, as Grafana names it.
        expr: in PromQL.
        warn: where it turns orange.
        bad: where it turns red. Below `warn`, small numbers are the bad ones.
    """
    panel = stat.Panel().title(title).description(description).datasource(_SOURCE).unit(unit).span(4).height(4)
    panel = panel.color_mode(BigValueColorMode.VALUE).no_value("none").thresholds(_thresholds(warn, bad))
    return panel.targets([_target(0, Query(expr, title)).range()])


def ranking(title: str, description: str, unit: str, expr: str, *columns: str, width: int = 12) -> table.Panel:
    """Return a table of the values at the end of the board's time range, the largest first.

    Args:
        title: of the panel.
        description: what it shows, and what to make of it.
        unit: of the values, as Grafana names it.
        expr: in PromQL, sorted.
        columns: the labels that are shown.
        width: in columns of the board, of 24.
    """
    panel = table.Panel().title(title).description(description).datasource(_SOURCE).unit(unit).span(width).height(8)
    panel = panel.align(FieldTextAlignment.AUTO)
    names = {**{label: label.removeprefix("groundwire_").replace("_", " ") for label in columns}, "Value": "value"}
    order = {name: place for place, name in enumerate(names)}
    organize = {"excludeByName": {"Time": True}, "indexByName": order, "renameByName": names}
    panel = panel.with_transformation(DataTransformerConfig(id_val="organize", options=organize)).no_value("none")
    return panel.targets([_target(0, Query(expr)).instant().format(PromQueryFormat.TABLE)])


def board(uid: str, title: str, description: str, *panels: Panel, route: bool) -> Dashboard:
    """Return a board whose panels fill its rows in their order.

    Args:
        uid: of the board, and its file's name.
        title: of the board.
        description: the question that it answers.
        panels: each starts a new row where it does not fit beside the one before.
        route: whether the board has the variable `route`.
    """
    links = dashboards.DashboardLink("Boards").type(DashboardLinkType.DASHBOARDS).tags([_TAG]).as_dropdown(True)
    made = dashboards.Dashboard(title).uid(uid).description(description).tags([_TAG]).readonly()
    made = made.time("now-6h", "now").refresh("30s").tooltip(DashboardCursorSync.CROSSHAIR).timezone("browser")
    made = made.link(links.icon("external link").include_vars(True).keep_time(True))
    if route:
        made = made.with_variable(_route())
    for number_, panel in enumerate(panels, start=1):
        made = made.with_panel(panel.id(number_))
    return made.build()


def written(made: Dashboard) -> str:
    """Return a board as the text of its file."""
    return json.dumps(made, cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _route() -> dashboards.QueryVariable:
    variable = dashboards.QueryVariable("route").label("Route").datasource(_SOURCE).multi(True).include_all(True)
    everything = VariableOption(selected=True, text=["All"], value=["$__all"])
    variable = variable.all_value(".*").current(everything).refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    return variable.sort(VariableSort.ALPHABETICAL_ASC).query(
        {
            "query": "label_values(groundwire_answers_total, groundwire_route)",
            "qryType": 1,  # values of a label
            "refId": "PrometheusVariableQueryEditor-VariableQuery",
        }
    )


def _target(place: int, query: Query) -> prometheus.Dataquery:
    target = prometheus.Dataquery().ref_id(chr(ord("A") + place)).datasource(_SOURCE).expr(query.expr)
    return target.legend_format(query.legend or "__auto").exemplar(query.exemplars)


def _thresholds(warn: float | None, bad: float | None) -> dashboards.ThresholdsConfig:
    marks = [(warn, "orange"), (bad, "red")]
    steps = [Threshold(value, color) for value, color in marks if value is not None]
    first = Threshold(None, "green" if steps else "text")
    if warn is not None and bad is not None and bad < warn:
        first, steps = Threshold(None, "red"), [Threshold(bad, "orange"), Threshold(warn, "green")]
    return dashboards.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps([first, *steps])
