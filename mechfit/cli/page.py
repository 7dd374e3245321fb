"""The page about a recording: verdict, statistics, parameters and charts, in one file."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from mechfit.figures import html_page, html_table, pairplot, predictive, traces
from mechfit.figures.labels import number, quantity
from mechfit.simulation import simulate

if TYPE_CHECKING:
    from mechfit.cli.infer import Answer

__all__ = ["page_of"]

SHOWN, QUANTILES = 3, (0.05, 0.5, 0.95)


def page_of(name: str, answer: Answer) -> str:
    """Return the page about a recording, as HTML."""
    recording, cell, report = answer.recording, answer.cell, answer.report
    model, predicted = recording.model(), report.predictive
    unlike = report.misspecification
    units = model.statistic_units
    drawn = model.simulate(answer.theta[:SHOWN], seed=0).voltage[:, 0]
    voltages = {"recorded": recording.traces.voltage[0, 0]}
    voltages |= {f"draw {i + 1}": v for i, v in enumerate(drawn)}
    roles = {key: "observed" if key == "recorded" else "posterior" for key in voltages}
    prior_x = simulate(model, 500, seed=0)
    low, middle, high = np.quantile(answer.theta, QUANTILES, axis=0)
    warned = "".join(f"<li>{escape(line)}</li>" for line in answer.warnings)
    onset, end = cell.window
    said = [
        f"<p>A step of {quantity(cell.current, 'µA/cm²', 3)} from {onset:g} to {end:g} ms, "
        f"sampled every {cell.dt:g} ms. The model is a Hodgkin–Huxley neuron of one compartment; "
        f"the posterior is that of {escape(answer.source)}.</p>",
        f"<p><strong>Is the posterior right?</strong> {escape(report.verdict)}.</p>",
        "<p><strong>Can the model make such a recording?</strong> Of "
        f"{len(unlike.null):,} simulated neurons, {100 * unlike.p_value:.1f} % are as unlike the "
        f"others as it is; its most unusual number is the {unlike.worst.replace('_', ' ')}.</p>",
        f"<ul>{warned}</ul>" if warned else "",
    ]
    statistics = [
        [
            statistic.replace("_", " ") + (f" ({units[j]})" if units[j] else ""),
            number(float(cell.x[j]), 3),
            number(float(np.median(predicted.x[:, j])), 3),
            f"{predicted.p_values[j]:.3f}",
        ]
        for j, statistic in enumerate(predicted.names)
    ]
    found = [
        [label, *(number(float(v[j]), 3) for v in (middle, low, high))]
        for j, label in enumerate(model.prior.labels)
    ]
    return html_page(
        f"Parameters for {name}",
        [
            *said,
            traces(
                recording.traces.time,
                voltages,
                roles=roles,
                stimulus=recording.current,
                title="What was recorded, and the model with parameters drawn from the posterior",
            ),
            "<h2>Statistics</h2>",
            html_table(["statistic", "recorded", "predicted (median)", "p-value"], statistics),
            predictive(
                predicted.x,
                prior_x.x[prior_x.valid],
                cell.x,
                [n.replace("_", " ") for n in predicted.names],
                units=units,
                observed="recorded",
                title="Predicted statistics beside the recorded ones",
            ),
            "<h2>Parameters</h2>",
            html_table(["parameter", "median", "5 %", "95 %"], found),
            pairplot(
                answer.theta,
                model.prior.labels,
                model.prior.limits(),
                title="The posterior",
            ),
        ],
    )
