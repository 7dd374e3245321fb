"use strict";
// Masked autoregressive flows of the package nflows, as mechfit/inference/densities/
// nflows_transforms.py makes them: u_j = s_j z_j + m_j, with s_j and m_j of z_1 .. z_(j-1) and x.
mechfit.define("maf", ["arrays"], (mechfit) => {
  const { linear, relu, layer } = mechfit.arrays;
  const SMALLEST = 1e-3, LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);
  const softplus = (x) => (x > 20 ? x : Math.log1p(Math.exp(x)));

  return (tensors, prefix, kind, d) => {
    const layers = Array.from({ length: kind.layers }, (_, i) => {
      const name = `${prefix}transform._transforms.${2 * i + 1}.autoregressive_net.`;
      const order = tensors[`${prefix}transform._transforms.${2 * i}._permutation`].values;
      const parts = ["initial_layer", "blocks.0.linear", "blocks.1.linear", "final_layer"];
      const maps = parts.map((part) => {
        const { shape: [m, k], values } = tensors[`${name}${part}.weight`];
        return { m, k, w: values, b: tensors[`${name}${part}.bias`].values };
      });
      return { order: Array.from(order), maps, context: layer(tensors, `${name}context_layer`) };
    });

    const at = (features) => {
      const given = layers.map((each) => {
        const context = relu(each.context(features));
        return context.map((c, i) => c + each.maps[0].b[i]);
      });
      const network = (i, z, n) => {
        const [first, ...rest] = layers[i].maps;
        let h = linear(z, n, d, first.w, given[i], first.m, new Float64Array(n * first.m));
        for (const { w, b, m, k } of rest) {
          h = linear(relu(h), n, k, w, b, m, new Float64Array(n * m));
        }
        return h;
      };
      const scale = (h, r, j) => softplus(h[2 * (r * d + j)]) + SMALLEST;
      const shift = (h, r, j) => h[2 * (r * d + j) + 1];
      return {
        forward(z, n, log) {
          for (let i = 0; i < layers.length; i++) {
            const before = z.slice(0, n * d), order = layers[i].order;
            for (let r = 0; r < n; r++) {
              for (let j = 0; j < d; j++) z[r * d + j] = before[r * d + order[j]];
            }
            const h = network(i, z, n);
            for (let r = 0; r < n; r++) {
              for (let j = 0; j < d; j++) {
                z[r * d + j] = scale(h, r, j) * z[r * d + j] + shift(h, r, j);
                log[r] += Math.log(scale(h, r, j));
              }
            }
          }
        },
        inverse(z, n, log) {
          for (let i = layers.length - 1; i >= 0; i--) {
            const out = new Float64Array(n * d), order = layers[i].order;
            for (let j = 0; j < d; j++) {
              const h = network(i, out, n);
              for (let r = 0; r < n; r++) {
                out[r * d + j] = (z[r * d + j] - shift(h, r, j)) / scale(h, r, j);
                log[r] -= Math.log(scale(h, r, j));
              }
            }
            for (let r = 0; r < n; r++) {
              for (let j = 0; j < d; j++) z[r * d + order[j]] = out[r * d + j];
            }
          }
        },
      };
    };
    return { at, base() {}, constant: d * LOG_SQRT_2PI };
  };
});
