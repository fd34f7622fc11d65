(function () {
  "use strict";
  var data = JSON.parse(document.getElementById("whatif-data").textContent);
  var sliders = data.drivers.map(function (_, d) { return document.getElementById("push-" + d); });
  function text(x) { return (x < 0 ? "\u2212" : "") + Math.abs(x).toFixed(1); }
  function signed(x) { return Math.abs(x) < 0.05 ? "0.0" : (x > 0 ? "+" : "") + text(x); }
  function show() {
    var push = sliders.map(function (s) { return Number(s.value); });
    push.forEach(function (x, d) { document.getElementById("pushed-" + d).textContent = signed(x); });
    data.targets.forEach(function (_, t) {
      var change = 0, variance = 0;
      push.forEach(function (x, d) {
        change += x * data.slopes[t][d];
        if (data.vcov) push.forEach(function (y, e) { variance += x * y * data.vcov[t][d][e]; });
      });
      var now = Math.min(100, Math.max(0, data.outcome[t] + change));
      document.getElementById("now-" + t).textContent = text(now);
      document.getElementById("change-" + t).textContent = signed(change);
      if (data.vcov) {
        var half = data.z * Math.sqrt(Math.max(variance, 0));
        document.getElementById("range-" + t).textContent = "[" + signed(change - half) + ", " + signed(change + half) + "]";
      }
    });
  }
  sliders.forEach(function (s) { s.addEventListener("input", show); });
  document.getElementById("whatif-reset").addEventListener("click", function () {
    sliders.forEach(function (s) { s.value = 0; });
    show();
  });
  show();
})();
