"""The simulators that the chapter on own models shows without running them do run."""

import re

import numpy as np
import pytest
from builtbook import ROOT

from mechfit.models import Model, Prior

TEXT = (ROOT / "book/beyond/your-own-model.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, re.M | re.S)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("package", ["neuron", "brian2"])
def test_shown_simulators_run(package):
    (shown,) = [block for block in BLOCKS if package in block]
    space = {"np": np, "Prior": Prior, "Model": Model}
    code = compile(shown, package, "exec")
    try:
        __import__(package)
    except (ImportError, AttributeError) as error:  # brian2 2.9 beside numpy 2.4
        pytest.skip(f"{package} cannot be imported: {error}")
    exec(code, space)
    model = space["model"]
    traces = model.simulate(model.prior.limits().mean(1), seed=1)
    assert abs(traces.voltage.shape[2] - 1000) <= 1
    assert model.summarize(traces)[0, 0] >= 1
