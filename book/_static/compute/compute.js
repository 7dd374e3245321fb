"use strict";
// Numerics of mechfit that run in a page: no dependencies, no build step, also from file://.
//
//   mechfit.define(name, needs, make)   registers mechfit[name] = make(mechfit), once
//   mechfit.data[name]                  base64 text of a data file, set by a script of its own
//   mechfit.worker(needs, main)         a Worker that runs main(mechfit) with these modules
//
// A page that was opened from a disk can neither fetch files nor start a Worker from one. So the
// modules are plain scripts, and the source of a worker is made of the text of their functions:
// `make` and `main` may use nothing but their argument and what every page has.
globalThis.mechfit ??= (() => {
  const modules = new Map();
  const mechfit = { data: {} };

  mechfit.define = (name, needs, make) => {
    if (modules.has(name)) return; // two figures of a page may load the same script
    const missing = needs.filter((need) => !modules.has(need));
    if (missing.length) throw new Error(`load ${missing.join(".js, ")}.js before ${name}.js`);
    modules.set(name, { needs, make });
    mechfit[name] = make(mechfit);
  };

  const withNeeds = (names, found = new Set()) => {
    for (const name of names) {
      if (!modules.has(name)) throw new Error(`no module ${name}: load ${name}.js`);
      withNeeds(modules.get(name).needs, found);
      found.add(name);
    }
    return found;
  };

  mechfit.worker = (needs, main) => {
    const parts = ['"use strict"; const mechfit = {};'];
    for (const name of withNeeds(needs)) {
      parts.push(`mechfit[${JSON.stringify(name)}] = (${modules.get(name).make})(mechfit);`);
    }
    parts.push(`(${main})(mechfit);`);
    const source = new Blob([parts.join("\n")], { type: "text/javascript" });
    return new Worker(URL.createObjectURL(source));
  };
  return mechfit;
})();
