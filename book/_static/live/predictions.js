"use strict";
// What neurons of the posterior do: draws are simulated one by one in a worker, until they change.
mechfit.define("predictions", ["hodgkinHuxley", "statistics"], mechfit => {
  // Runs in the worker: a draw to its statistics and, at every tenth sample, the highest voltage.
  const simulator = mechfit => {
    const { hodgkinHuxley: neuron, statistics } = mechfit;
    onmessage = ({ data: { version, theta, simulation } }) => {
      const { voltage } = neuron.simulate(theta, { seed: 2, simulation });
      const peaks = new Float32Array(Math.ceil(voltage.length / 10)).fill(-1e9);
      voltage.forEach((v, i) => {
        const bin = Math.floor(i / 10);
        peaks[bin] = Math.max(peaks[bin], v);
      });
      postMessage({ version, voltage: peaks, x: statistics.seven(voltage) });
    };
  };

  // `got(found)` is called after every simulation of the first `most` of the draws last given.
  function start(most, got) {
    const worker = mechfit.worker(["hodgkinHuxley", "statistics"], simulator);
    const found = { traces: [], x: [], dt: 0.1 };
    let version = 0, draws = null, d = 0;
    function ask(i) {
      if (i >= most || (i + 1) * d > draws.length) return;
      worker.postMessage({ version, simulation: i, theta: draws.slice(i * d, (i + 1) * d) });
    }
    worker.onmessage = ({ data }) => {
      if (data.version !== version) return;
      found.traces.push(data.voltage);
      found.x.push(data.x);
      ask(found.x.length);
      got(found);
    };
    return {
      found,
      of(rows, width) {
        version++;
        [draws, d] = [rows, width];
        found.traces = [];
        found.x = [];
        ask(0);
      },
    };
  }

  return { start };
});
